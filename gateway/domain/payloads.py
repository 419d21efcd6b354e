"""What a profile may keep of an exchange besides its records: the texts, sealed apart.

Two parts, because each has to be durable before the record that holds its digest: what was asked
(before the intent) and what was answered (before the outcome). Nothing here shows itself when it is
printed, and nothing of it ever goes into a leaf or a log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NoReturn

from gateway.domain.text import RawText

_EXCHANGE: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z"
)


def is_exchange(name: str) -> bool:
    """Say whether `name` has the form of an exchange's id, a UUIDv7: only then it is recorded."""
    return _EXCHANGE.match(name) is not None


class Part(StrEnum):
    """One of the two parts of an exchange that are sealed by themselves."""

    REQUEST = "request"
    REPLY = "reply"


@dataclass(frozen=True, slots=True, repr=False)
class Words:
    """The texts of one part. An empty side was not kept, or there was none.

    Texts that come out of the vault are raw text for everybody: nothing that was stored becomes
    `RedactedText` again, which redaction alone makes.
    """

    redacted: tuple[RawText, ...] = ()
    """A request as the engine was given it, or a reply as the engine generated it."""
    plain: tuple[RawText, ...] = ()
    """A request as it was received, or a reply as it was restored. Kept by `keep: all` alone."""
    pseudonyms: Mapping[str, RawText] = field(default_factory=lambda: MappingProxyType({}))
    """What each stand-in of the exchange stands for: who has it can re-identify. As `plain`."""

    def __repr__(self) -> str:
        return f"<Words {len(self.redacted)} redacted, {len(self.plain)} plain>"

    def __bool__(self) -> bool:
        return bool(self.redacted or self.plain or self.pseudonyms)

    def __reduce__(self) -> NoReturn:
        raise TypeError("kept texts are not to be pickled: they would leave the process")


@dataclass(frozen=True, slots=True, repr=False)
class Payload:
    """What was kept of one exchange, open, in memory. `None` is a part that was not kept."""

    exchange: str
    request: Words | None
    reply: Words | None

    def __repr__(self) -> str:
        return f"<Payload of {self.exchange}>"

    @property
    def pseudonyms(self) -> Mapping[str, RawText]:
        """What the stand-ins stand for: empty where the profile does not keep it."""
        found = {} if self.request is None else dict(self.request.pseudonyms)
        return MappingProxyType(found | ({} if self.reply is None else dict(self.reply.pseudonyms)))
