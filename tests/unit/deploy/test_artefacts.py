"""The unit, the image and the compose file agree with the code and with each other."""

import configparser
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from engine import Devices, Wish, known_model, make_plan
from gateway.ledger.writer import FATAL_STATUS
from gateway.settings import load, parse_bytes

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "intramural.service"
ENGINE = DEPLOY / "systemd" / "intramural-engine.service"
WITNESS = DEPLOY / "systemd" / "intramural-witness.service"
IMAGE = (DEPLOY / "Containerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
STARTED = 300 << 20
"""Bytes that a process has taken when it plans."""


class _Unit(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit(path: Path = UNIT) -> configparser.RawConfigParser:
    parsed = _Unit(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parsed.read_string(path.read_text())
    return parsed


@pytest.mark.parametrize("path", [UNIT, ENGINE, WITNESS], ids=lambda path: path.stem)
def test_the_unit_is_one_that_systemd_understands(tmp_path: Path, path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    text = path.read_text().replace("/opt/intramural/bin/intramural", "/bin/true")
    copy = tmp_path / path.name
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_restarts_neither_wrong_settings_nor_a_ledger_of_unknown_durability() -> None:
    service = unit()["Service"]
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"].split() == ["2", str(FATAL_STATUS)]


def test_the_unit_lets_nothing_out_and_nothing_be_written_elsewhere() -> None:
    service = unit()["Service"]
    assert service["IPAddressDeny"] == "any"
    assert service["IPAddressAllow"] == "localhost"
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert service["MemoryDenyWriteExecute"] == "yes"
    assert service["LimitCORE"] == "0"


def test_the_unit_of_a_witness_asks_nobody_and_does_not_go_on_from_what_it_may_have_forgotten() -> (
    None
):
    service = unit(WITNESS)["Service"]
    assert service["RestartPreventExitStatus"].split() == ["2", str(FATAL_STATUS)]
    assert service["IPAddressDeny"] == "any"
    assert service["StateDirectoryMode"] == "0700"
    assert service["User"] not in {unit(path)["Service"]["User"] for path in (UNIT, ENGINE)}
    for name in ("ProtectSystem", "NoNewPrivileges", "CapabilityBoundingSet", "LimitCORE"):
        assert service[name] == unit()["Service"][name]


def test_the_engines_unit_has_no_network_and_cannot_read_what_is_the_gateways() -> None:
    service = unit(ENGINE)["Service"]
    assert service["PrivateNetwork"] == "yes"
    assert service["RestrictAddressFamilies"] == "AF_UNIX"
    assert service["User"] != unit()["Service"]["User"]
    assert "-/var/lib/intramural" in service["InaccessiblePaths"].split()
    for name in ("ProtectSystem", "NoNewPrivileges", "CapabilityBoundingSet", "LimitCORE"):
        assert service[name] == unit()["Service"][name]
    assert service["MemoryDenyWriteExecute"] == "yes"


def test_the_engines_command_is_one_that_exists() -> None:
    from typer.testing import CliRunner

    from gateway.cli.root import app

    words = unit(ENGINE)["Service"]["ExecStart"].split()
    assert words[0] == "/opt/intramural/bin/intramural"
    at = words.index("engine")
    shown = CliRunner().invoke(app, ["engine", "serve", "--help"], env={"COLUMNS": "200"})
    for option in [word for word in words[at:] if word.startswith("--")]:
        assert option in shown.output
    engine = COMPOSE["services"]["engine"]
    assert engine["command"][:2] == words[at : at + 2]
    assert engine["command"][3] == words[words.index("--socket") + 1]


def test_the_engine_of_the_compose_file_has_no_network_and_no_data() -> None:
    engine = COMPOSE["services"]["engine"]
    assert engine["network_mode"] == "none"
    assert engine["volumes"] == ["engine:/run/intramural-engine"]
    assert engine["read_only"] is True
    assert engine["cap_drop"] == ["ALL"]
    assert engine["profiles"] == ["engine"]


@pytest.mark.parametrize("status", [200, 503])
def test_the_engine_of_the_compose_file_is_asked_at_its_socket(tmp_path: Path, status: int) -> None:
    engine = COMPOSE["services"]["engine"]
    *command, code = engine["healthcheck"]["test"]
    assert command == ["CMD", "/opt/intramural/bin/python", "-I", "-c"]
    place = engine["command"][engine["command"].index("--socket") + 1]
    assert code.count(place) == 1
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        asking = subprocess.Popen(
            [sys.executable, "-I", "-c", code.replace(place, str(tmp_path / "s"))],
            stderr=subprocess.DEVNULL,
        )
        with listener.accept()[0] as asked:
            assert asked.recv(64).startswith(b"GET /health ")
            asked.sendall(f"HTTP/1.1 {status} X\r\n\r\n".encode())
        assert asking.wait(10) == (0 if status == 200 else 1)


def test_the_unit_gives_running_exchanges_more_time_than_they_take(tmp_path: Path) -> None:
    grace = load(tmp_path).server.shutdown_grace
    assert int(unit()["Service"]["TimeoutStopSec"]) > 4 * grace
    assert COMPOSE["services"]["gateway"]["stop_grace_period"] == "120s"


def test_the_settings_of_the_image_are_settings(tmp_path: Path) -> None:
    settings = load(tmp_path, DEPLOY / "container" / "intramural.toml")
    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 8400)  # noqa: S104 - its own namespace
    assert str(settings.models) == "/opt/intramural/models"
    assert f"EXPOSE {settings.server.port}" in IMAGE


def test_everything_that_the_image_copies_exists_and_is_sent_to_the_build() -> None:
    sent = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    assert sent[1] == "*"
    allowed = [line.removeprefix("!") for line in sent if line.startswith("!")]
    for line in re.findall(r"^COPY (?!--from)(.+)$", IMAGE, re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source in allowed, source


def test_the_image_installs_what_is_locked_and_nothing_else() -> None:
    assert "--require-hashes --only-binary :all: -r requirements/run.lock" in IMAGE
    assert IMAGE.count("pip install") == 2
    assert "--no-deps --no-build-isolation ." in IMAGE
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert [name.partition(">")[0] for name in backend] == ["setuptools"]
    assert "\nsetuptools==" in (ROOT / "requirements" / "run.lock").read_text()


def test_the_image_runs_without_root_and_knows_whether_it_is_well() -> None:
    final = IMAGE.rpartition("\nFROM ")[2]
    assert "USER 10400:10400" in final
    assert "/health/ready" in final
    assert COMPOSE["services"]["gateway"]["user"] == "10400:10400"


def test_the_gateway_of_the_compose_file_has_no_way_out() -> None:
    gateway = COMPOSE["services"]["gateway"]
    assert gateway["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert "ports" not in gateway
    assert "network_mode" not in gateway


def test_the_gateway_of_the_compose_file_can_write_to_its_data_alone() -> None:
    gateway = COMPOSE["services"]["gateway"]
    assert gateway["read_only"] is True
    assert gateway["cap_drop"] == ["ALL"]
    assert gateway["volumes"] == ["data:/var/lib/intramural", "engine:/run/intramural-engine"]
    assert gateway["restart"] == "no"


@pytest.mark.parametrize("name", ["gateway", "engine"])
def test_a_container_of_the_compose_file_has_the_memory_for_a_context_worth_having(
    name: str,
) -> None:
    limit = parse_bytes(COMPOSE["services"][name]["mem_limit"].upper())
    shape = known_model("smollm2-135m")
    assert shape is not None
    for cores in (1, 4, 16):
        machine = Devices(cores=cores, memory=limit - STARTED, memory_total=limit)
        [made] = make_plan(machine, [shape], Wish(prefer=("cpu",))).models
        assert made.context >= 4096


def test_a_wheel_brings_the_shipped_policy() -> None:
    files = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    shipped = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "policies").rglob("*")
        if path.is_file()
    }
    carried = {
        path.relative_to(ROOT).as_posix()
        for target, patterns in files.items()
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if target == f"share/intramural/{path.parent.relative_to(ROOT).as_posix()}"
    }
    assert carried == shipped
