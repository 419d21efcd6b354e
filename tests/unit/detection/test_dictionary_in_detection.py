"""The site's dictionary beside the recognizers, in the real detector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.detection.detector import PresidioDetector
from gateway.detection.dictionary import KEY, NAME, SiteDictionary
from gateway.detection.dictionary_file import EMPTY, Filter, Mark, encode
from gateway.detection.dictionary_load import load
from gateway.domain.entities import LOCATION, PERSON
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.text import RawText
from tests.fakes.tagger import FakeTagger

SECRET = b"k" * 32


def loaded(content: Filter, kind: Mark, *entries: str) -> Filter:
    raw = "\n".join(entries).encode()
    return load(content, SECRET, raw, kind, skip_bad=False).content


@pytest.fixture
def site(tmp_path: Path) -> Path:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / KEY).write_bytes(SECRET)
    (keys / KEY).chmod(0o600)
    content = loaded(EMPTY, Mark.STAFF, "Ngozi Okonkwo")
    content = loaded(content, Mark.WARD, "Station 7B")
    content = loaded(content, Mark.ALLOW, "Zelandahl Quandomir")
    (tmp_path / NAME).write_bytes(encode(content, SECRET))
    return tmp_path


@pytest.fixture
def detector(site: Path) -> Iterator[PresidioDetector]:
    tagger = FakeTagger({"Zelandahl Quandomir": "PERSON"})
    detector = PresidioDetector(
        reference_year=2025, tagger=tagger, dictionary=SiteDictionary(site, site / "keys")
    )
    yield detector
    detector.close()


async def found(detector: PresidioDetector, text: str) -> list[tuple[str, str]]:
    (findings,) = await detector.detect([RawText(text)])
    return [(text[each.start : each.end], each.entity) for each in findings]


async def test_its_names_are_found_in_small_letters_too(detector: PresidioDetector) -> None:
    text = "sagte ngozi okonkwo auf station 7b dann"
    assert await found(detector, text) == [("ngozi okonkwo", PERSON), ("station 7b", LOCATION)]


async def test_what_it_knows_is_sought_in_the_other_texts(detector: PresidioDetector) -> None:
    texts = [RawText("by Ngozi Okonkwo"), RawText("and N. Okonkwo's list")]
    _, second = await detector.detect(texts)
    assert [(each.start, each.end) for each in second] == [(4, 14)]


async def test_its_allow_list_silences_the_tagger_and_no_title(detector: PresidioDetector) -> None:
    assert await found(detector, "on Zelandahl Quandomir forms") == []
    assert await found(detector, "by Mrs Zelandahl Quandomir") == [("Zelandahl Quandomir", PERSON)]


async def test_a_damaged_dictionary_fails_the_exchange(
    site: Path, detector: PresidioDetector
) -> None:
    raw = bytearray((site / NAME).read_bytes())
    raw[-1] ^= 1
    (site / "other").write_bytes(raw)
    (site / "other").replace(site / NAME)
    with pytest.raises(ExchangeError) as caught:
        await found(detector, "all is well")
    assert caught.value.code is Code.DETECTION_FAILED
    assert "dictionary" in caught.value.message
