"""What one exchange leaves besides its records: whom it is about, and the texts its profile keeps.

The pipeline asks detection through here, so whatever was found is known, in every kind of exchange;
and it lets each part be durable before the record that holds its digest. Nothing here shows itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Findings
from gateway.domain.payloads import Part, Words
from gateway.domain.policy import Keep
from gateway.domain.ports import Detector, Vault
from gateway.domain.redaction import Redaction
from gateway.domain.subjects import MOST, Subjects, subjects_of
from gateway.domain.text import RawText, RedactedText
from gateway.treatment import Redacted, Treated, found_in

_NOBODY: Final = Subjects()
_PATIENT: Final = re.compile(r"(?=.*[A-Za-z0-9])[\x20-\x7e]{1,64}\Z")


def parse_patient(stated: str | None) -> str | None:
    """Return whom the caller says that this is about; `ExchangeError` if that cannot be a number.

    It becomes a fingerprint, and is in no record, log or message.
    """
    if stated is not None and not _PATIENT.match(stated):
        raise ExchangeError(
            Code.INVALID_REQUEST,
            "X-Patient is the patient's number: 1 to 64 printable ASCII characters, at least one "
            "of them a letter or a digit. Correct it, or leave it out.",
            param="X-Patient",
        )
    return stated


class Keeping:
    """Of one exchange. A `Detector` that remembers what was found, and the texts to be kept."""

    def __init__(
        self, exchange: str, detector: Detector, vault: Vault, key: bytes, stated: str | None
    ) -> None:
        self._exchange = exchange
        self._detector = detector
        self._vault = vault
        self._key = key
        self._stated = parse_patient(stated)
        self._seen: list[tuple[Sequence[RawText], Sequence[Findings]]] = []
        self._known: Subjects | None = None
        self._indexed: Subjects = _NOBODY
        self._keep = Keep.NOTHING
        self._asked: Words | None = None
        self._generated: list[str] = []
        self._sent: list[str] = []
        self._spoken: RawText | None = None

    def __repr__(self) -> str:
        return f"<Keeping {self._exchange}>"

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        """Detect, and remember it until the subjects are known (`ports.Detector`)."""
        found = await self._detector.detect(texts)
        self._seen.append((texts, found))
        return found

    @property
    def subjects(self) -> Subjects:
        """Whom the exchange is about, as far as it is known: computed once, after redaction.

        Findings that do not fit their texts are an error, which redaction finds first.
        """
        known = self._known
        if known is None or self._seen:
            texts = [text for asked, _ in self._seen for text in asked]
            found = [findings for _, answer in self._seen for findings in answer]
            fresh = subjects_of(texts, found, self._stated, self._key)
            known = self._known = fresh if known is None else known.and_also(fresh)
            self._seen.clear()
        return known

    def asked(self, received: Iterable[RawText], redaction: Redaction) -> None:
        """Take down a request as it was received, and as the engine is given it."""
        _ = self.subjects  # In this thread, which may take its time.
        keep = self._keep = redaction.profile.keep
        if keep is Keep.NOTHING:
            return
        self._all_indexed()
        every = keep is Keep.ALL
        stand_ins = redaction.stand_ins.meanings() | redaction.pseudonyms.meanings()
        self._asked = Words(
            redacted=tuple(map(_as_kept, redaction.conversation.texts())),
            plain=tuple(received) if every else (),
            pseudonyms={name: RawText(value) for name, value in stand_ins.items()} if every else {},
        )

    async def treated(self, received: Iterable[RawText], treated: Treated, keep: Keep) -> None:
        """Take down texts that go back to their caller, and what they became.

        Where a text is to be kept and the caller alone said what is in it, detection looks too:
        what no patient is known of would stay when its patient is shredded. Raises as `detect`.
        """
        if keep is not Keep.NOTHING:
            received = tuple(received)
            if keep is Keep.ALL and self._known is None and not self._seen:
                await found_in(self, received)
            await asyncio.to_thread(self._all_indexed)
            texts: Sequence[RedactedText] = ()
            meanings: Mapping[str, str] = {}
            if isinstance(treated, Redacted):
                texts, meanings = treated.texts, treated.meanings
            every = keep is Keep.ALL
            self._asked = Words(
                redacted=tuple(map(_as_kept, texts)),
                plain=received if every else (),
                pseudonyms={name: RawText(each) for name, each in meanings.items() if every},
            )

    def generated(self, text: str) -> None:
        """Take down what the engine said."""
        if text and self._keep is not Keep.NOTHING:
            self._generated.append(text)

    def sent(self, text: str) -> None:
        """Take down what the client is told: the same, restored."""
        if text and self._keep is Keep.ALL:
            self._sent.append(text)

    def heard(self, spoken: RawText, segments: Iterable[RedactedText]) -> None:
        """Take down a transcript, as it was heard and as it leaves."""
        if self._keep is not Keep.NOTHING:
            self._all_indexed()
        self.generated("".join(text.for_engine() for text in segments))
        self._spoken = spoken if self._keep is Keep.ALL else None

    def _all_indexed(self) -> None:
        """Raise `ExchangeError` if texts are to be kept that a shredding would not find."""
        if self.subjects.more:
            raise ExchangeError(
                Code.LIMIT_EXCEEDED,
                f"Texts of this exchange are kept, and it is about more than {MOST} people, who "
                "could not all be found to erase them. Send fewer at a time.",
            )

    async def request(self) -> str | None:
        """Return the digest of the sealed request, once it and its subjects are durable.

        `None` where nothing is to be kept. Raises `LedgerUnavailable`.
        """
        return await self._kept(Part.REQUEST, self._asked)

    async def reply(self) -> str | None:
        """Do as `request`, with the reply."""
        plain = _whole(self._sent) if self._spoken is None else (self._spoken,)
        words = Words(_whole(self._generated), plain)
        return await self._kept(Part.REPLY, words)

    async def _kept(self, part: Part, words: Words | None) -> str | None:
        # Of a long text this takes milliseconds, unless it was done while it was redacted.
        done = self._known is not None and not self._seen
        subjects = self.subjects if done else await asyncio.to_thread(lambda: self.subjects)
        if not words and subjects == self._indexed:
            return None
        digest = await self._vault.keep(self._exchange, part, subjects, words or None)
        self._indexed = subjects
        return digest


def _as_kept(text: RedactedText) -> RawText:
    return RawText(text.for_engine())


def _whole(pieces: Sequence[str]) -> tuple[RawText, ...]:
    return (RawText("".join(pieces)),) if pieces else ()
