import socket
import time
from pathlib import Path

from typer.testing import CliRunner

from gateway.cli.root import app
from gateway.doctor import Verdict, examine
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
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


def test_each_finding_is_one_line_however_narrow_the_terminal(tmp_path: Path) -> None:
    prepare(load(tmp_path))
    runner = CliRunner(env={"COLUMNS": "40", "TERM": "dumb"})
    shown = runner.invoke(app, ["--data", str(tmp_path), "doctor"]).stdout.splitlines()
    assert {line[0] for line in shown} <= set("\u2713!\u2717 ")
    assert any(line.endswith("by directory, which one person can change") for line in shown)


def test_a_check_that_breaks_is_a_finding_and_not_a_crash(tmp_path: Path) -> None:
    prepare(load(tmp_path))
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "state.db").write_bytes(b"not a database" * 100)
    assert verdicts(tmp_path)["API keys"] is Verdict.FAILED


def test_keys_that_whoever_has_the_login_makes_are_said_to_be_so(tmp_path: Path) -> None:
    keyring = open_keyring(load(tmp_path).state, load(tmp_path).keys)
    for role, said in (("clinician", True), ("operator", False)):
        grant = Grant(
            role, frozenset({role}), frozenset(), parse_networks(["any"]), None, time.time_ns()
        )
        keyring.create(grant, time.time_ns() // 1_000_000, lambda *_: None)
        found = {each.check: each for each in examine(load(tmp_path))}["API keys"]
        assert ("whoever has this login" in found.found) is said
    keyring.store.close()


def test_a_provider_that_does_not_answer_is_a_failure_that_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (tmp_path / "intramural.toml").write_text(
        '[identity.oidc]\nissuer = "i"\naudience = ["a"]\n'
        f'jwks_url = "http://127.0.0.1:{port}/"\ntimeout = 1.0\n'
    )
    found = {each.check: each for each in examine(load(tmp_path))}
    assert found["identity"].verdict is Verdict.FAILED
    assert f"127.0.0.1:{port} (unreachable)" in found["identity"].found
    assert "1 peers" in found["egress"].found


def test_without_a_provider_there_is_nothing_to_examine(tmp_path: Path) -> None:
    assert verdicts(tmp_path)["identity"] is Verdict.OK


def test_engines_elsewhere_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text(
        '[engine]\nkind = "openai"\n[engine.openai]\n'
        f'endpoints = ["unix://{tmp_path}/nobody.sock"]\nconnect_timeout = 1.0\n'
        "[engine.openai.models.ward]\ncontext_length = 4096\n"
    )
    found = {each.check: each for each in examine(load(tmp_path))}
    assert found["models"].verdict is Verdict.FAILED
    assert f"unix:{tmp_path}/nobody.sock (unreachable)" in found["models"].found
    assert "1 peers" in found["egress"].found


def test_beside_engines_elsewhere_the_models_of_this_process_are_examined_too(
    tmp_path: Path,
) -> None:
    (tmp_path / "intramural.toml").write_text(
        '[engine]\nkind = "openai"\n[engine.openai]\n'
        f'endpoints = ["unix://{tmp_path}/nobody.sock"]\nconnect_timeout = 1.0\n'
        '[engine.openai.models.ward]\ncontext_length = 4096\n[embeddings]\nmodel = "minilm"\n'
    )
    found = {each.check: each for each in examine(load(tmp_path))}
    assert found["models"].verdict is Verdict.FAILED
    assert "minilm" in found["models"].found
