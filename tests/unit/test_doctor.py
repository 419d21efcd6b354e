import os
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.root import app
from gateway.cli.serve import explain
from gateway.doctor import Diagnosis, Verdict, examine, host
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.installation import prepare
from gateway.settings import Settings, load
from tests.fakes.every_record import write_log
from tests.fakes.logs import append_all, some_records


def verdicts(data: Path) -> dict[str, Verdict]:
    return {each.check: each.verdict for each in examine(load(data))}


def test_an_empty_installation_has_no_model_and_says_how_to_get_one(tmp_path: Path) -> None:
    found = {each.check: each for each in examine(load(tmp_path / "data"))}
    assert found["models"].verdict is Verdict.FAILED
    assert "model add" in found["models"].advice
    assert all(each.advice for each in found.values() if each.verdict is Verdict.WARNING)


def test_the_disk_of_a_directory_that_is_not_there_yet_is_looked_at(tmp_path: Path) -> None:
    assert "could not" not in next(
        each.found for each in examine(load(tmp_path / "a" / "b" / "c")) if each.check == "disk"
    )


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


@pytest.mark.parametrize("said", ["redirect", "220 mail.example.org ESMTP\r\n"])
def test_whoever_answers_in_the_gateways_place_is_not_believed(tmp_path: Path, said: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        elsewhere.settimeout(0)
        place = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/"
        reply = f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall((reply if said == "redirect" else said).encode())

        answering = threading.Thread(target=answer)
        answering.start()
        (tmp_path / "intramural.toml").write_text(f"[server]\nport = {listener.getsockname()[1]}\n")
        assert verdicts(tmp_path)["gateway"] is Verdict.FAILED
        answering.join()
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


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


def test_a_damaged_database_is_named_before_it_stops_a_start(tmp_path: Path) -> None:
    prepare(load(tmp_path))
    (tmp_path / "state").mkdir(mode=0o700)
    open_keyring(tmp_path / "state", tmp_path / "keys").store.close()
    assert verdicts(tmp_path)["databases"] is Verdict.OK
    (tmp_path / "state" / "vault-keys.db").write_bytes(b"not a database" * 100)
    found = next(each for each in examine(load(tmp_path)) if each.check == "databases")
    assert found.verdict is Verdict.FAILED
    assert "vault-keys.db does not open (NotADBError)" in found.found


def test_a_node_that_was_renamed_is_told_the_name_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "ledger" / "ward-1").mkdir(parents=True)
    (tmp_path / "ledger" / "ward-1" / "ledger.vkey").write_text("")
    (tmp_path / "intramural.toml").write_text('node = "ward-2"')
    found = next(each for each in examine(load(tmp_path)) if each.check == "ledger")
    assert found.verdict is Verdict.FAILED
    assert 'node = "ward-1"' in found.advice


@pytest.mark.parametrize("file", ["checkpoint", "witnessed"])
def test_a_log_older_than_what_was_published_of_it_is_found_before_a_start(
    tmp_path: Path, file: str
) -> None:
    def examined() -> Diagnosis:
        return next(each for each in examine(load(tmp_path)) if each.check == "ledger")

    (tmp_path / "intramural.toml").write_text('node = "ward-1"')
    records = some_records(1, 40)
    place = write_log(tmp_path, iter(records[:20]))
    backup = tmp_path / "backup.db"
    shutil.copyfile(place.directory / "ledger.db", backup)
    append_all(place, records[20:])
    shutil.copyfile(place.directory / "checkpoint", tmp_path / "newest")
    shutil.copyfile(tmp_path / "newest", place.directory / file)
    assert examined().verdict is Verdict.OK
    for name in {"ledger.db-wal", "ledger.db-shm", "checkpoint"} - {file}:
        (place.directory / name).unlink(missing_ok=True)
    shutil.copyfile(backup, place.directory / "ledger.db")
    found = examined()
    assert found.verdict is Verdict.FAILED
    assert found.found == f"20 records, and the file {file} proves that there were 40"


def test_a_file_system_that_takes_nothing_is_said_to_be_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host.disk(load(tmp_path)).verdict is not Verdict.FAILED
    as_it_is = os.statvfs(tmp_path)

    class ReadOnly:
        f_flag = as_it_is.f_flag | os.ST_RDONLY

    monkeypatch.setattr(os, "statvfs", lambda _place: ReadOnly)
    found = host.disk(load(tmp_path))
    assert found.verdict is Verdict.FAILED
    assert found.found == f"the file system of {tmp_path} is read-only"


def test_a_start_without_enough_memory_says_so_in_a_line() -> None:
    assert explain(MemoryError()).startswith("there is not enough memory to start")


def test_the_checks_that_keep_a_gateway_from_being_ready_are_named(tmp_path: Path) -> None:
    body = b'{"status":"not ready","checks":{"ledger":false,"model":true},"warnings":[]}'
    answer = b"HTTP/1.1 503 x\r\nContent-Length: %d\r\n\r\n%b"
    for said, found in ((body, "is not ready: ledger"), (b"<html>", "is not ready")):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            (tmp_path / "intramural.toml").write_text(f"[server]\nport = {port}")

            def answer_once(said: bytes = said, server: socket.socket = server) -> None:
                peer, _ = server.accept()
                with peer:
                    peer.recv(4096)
                    peer.sendall(answer % (len(said), said))

            thread = threading.Thread(target=answer_once)
            thread.start()
            diagnosis = host.gateway(load(tmp_path))
            thread.join()
        assert diagnosis.verdict is Verdict.FAILED
        assert diagnosis.found.endswith(found)


def test_a_file_that_belongs_to_somebody_else_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_: Settings) -> Diagnosis:
        raise PermissionError(13, "Permission denied", str(tmp_path / "state" / "state.db"))

    monkeypatch.setattr(host, "secret_keys", closed)
    found = next(each for each in examine(load(tmp_path)) if each.check == "secret keys")
    assert found.verdict is Verdict.FAILED
    assert "state.db cannot be opened" in found.found
    assert f"chown -R USER: {tmp_path}" in found.advice
