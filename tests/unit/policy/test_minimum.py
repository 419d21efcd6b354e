"""A release may demand what detection has to reach on the site's own notes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import pytest

from gateway.detection.made_of import digest
from gateway.inforce import Measured, measured_file, unmet
from gateway.policy.problems import PolicyError
from gateway.policy.release import EVALUATION, build
from gateway.settings import load

Files = dict[str, bytes]
DEMANDS = b"demands:\n  recall: 0.98\n  false_rate: 2\n"


def test_what_is_demanded_is_read_and_is_part_of_the_digest(files: Files) -> None:
    release = build({**files, EVALUATION: DEMANDS})
    assert dict(release.demands) == {"recall": 0.98, "false_rate": 2.0}
    assert release.digest != build(files).digest
    assert not build(files).demands


@pytest.mark.parametrize(
    "text",
    [
        b"demands:\n  recal: 0.98\n",
        b"demands:\n  recall: 1.01\n",
        b"demands:\n  recall: -1\n",
        b"demands:\n  recall: .inf\n",
        b"demands:\n  recall: 1e-3\n",
        b"demands:\n  recall: [0.9]\n",
        b"demands:\n  recall: 0.9\n  recall: 0.8\n",
        b"demands: {}\n",
        b"",
    ],
)
def test_a_demand_that_is_not_understood_is_an_error(files: Files, text: bytes) -> None:
    with pytest.raises(PolicyError) as raised:
        build({**files, EVALUATION: text})
    assert raised.value.problems[0].file == EVALUATION


def test_a_release_that_demands_more_than_was_measured_is_spoken_against(
    files: Files, tmp_path: Path
) -> None:
    settings = load(tmp_path)
    settings.state.mkdir(parents=True)
    demanding = build({**files, EVALUATION: DEMANDS})

    def told() -> list[str]:
        return [problem.message for problem in unmet(settings, demanding)]

    assert unmet(settings, build(files)) == ()
    assert "nothing was measured" in told()[0]
    good = Measured(digest(), 0, 10, {"recall": 0.99, "false_rate": 1.0})
    for found, expected in (
        (good, []),
        (replace_in(good, recall=0.97), ["0.9700, and 0.98 is demanded"]),
        (replace_in(good, false_rate=3.0), ["3.0000, and 2 is demanded"]),
        (replace_in(good, recall=None), ["nothing in the notes to measure it on"]),
        (msgspec.structs.replace(good, detection="0" * 64), ["another detection"]),
    ):
        measured_file(settings).write_bytes(msgspec.json.encode(found))
        assert len(told()) == len(expected)
        assert all(word in message for word, message in zip(expected, told(), strict=True))
    measured_file(settings).write_bytes(b"not JSON")
    assert "nothing was measured" in told()[0]


def test_what_was_measured_with_other_settings_of_detection_does_not_count(
    files: Files, tmp_path: Path
) -> None:
    settings = load(tmp_path)
    settings.state.mkdir(parents=True)
    found = Measured(digest(), 0, 10, {"recall": 0.99, "false_rate": 1.0})
    measured_file(settings).write_bytes(msgspec.json.encode(found))
    demanding = build({**files, EVALUATION: DEMANDS})
    keeping = msgspec.structs.replace(settings.detection, other_scripts="keep")
    assert not unmet(settings, demanding)
    [problem] = unmet(dataclasses.replace(settings, detection=keeping), demanding)
    assert "another detection" in problem.message


def replace_in(found: Measured, **reached: float | None) -> Measured:
    return msgspec.structs.replace(found, reached={**found.reached, **reached})
