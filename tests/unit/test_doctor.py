from pathlib import Path

from gateway.doctor import Verdict, examine
from gateway.installation import prepare
from gateway.settings import load


def verdicts(data: Path) -> dict[str, Verdict]:
    return {each.check: each.verdict for each in examine(load(data))}


def test_an_empty_installation_has_no_model_and_says_how_to_get_one(tmp_path: Path) -> None:
    found = {each.check: each for each in examine(load(tmp_path / "data"))}
    assert found["models"].verdict is Verdict.FAILED
    assert "model add" in found["models"].advice
    assert all(each.advice for each in found.values() if each.verdict is Verdict.WARNING)


def test_a_prepared_installation_has_keys_and_a_policy_that_holds(tmp_path: Path) -> None:
    prepare(load(tmp_path))
    found = verdicts(tmp_path)
    assert found["secret keys"] is found["policy"] is found["data directory"] is Verdict.OK


def test_a_secret_that_others_can_read_and_a_broken_policy_are_failures(tmp_path: Path) -> None:
    prepare(load(tmp_path))
    (tmp_path / "keys" / "hash.key").chmod(0o644)
    (tmp_path / "policies" / "access.cedar").write_text("permit (")
    found = verdicts(tmp_path)
    assert found["secret keys"] is found["policy"] is Verdict.FAILED


def test_a_check_that_breaks_is_a_finding_and_not_a_crash(tmp_path: Path) -> None:
    prepare(load(tmp_path))
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "state.db").write_bytes(b"not a database" * 100)
    assert verdicts(tmp_path)["API keys"] is Verdict.FAILED
