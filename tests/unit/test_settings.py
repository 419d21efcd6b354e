from pathlib import Path

import pytest

from gateway.settings import SettingsError, load


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "intramural.toml").write_text(text)
    return tmp_path


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8400)
    assert settings.egress.peers == ()
    assert settings.models == tmp_path / "models"
    assert settings.ledger == tmp_path / "ledger" / settings.node


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 1", "colour"),
        ("[server]\nporte = 1", "porte"),
        ("[server]\nport = 70000", "port"),
        ("[server]\nbody_limit = 0", "body_limit"),
        ('node = "Not A Host"', "node"),
        ("[server", "intramural.toml"),
        ('[log]\nlevel = "loud"', "log.level"),
        ('[log]\nformat = "xml"', "log.format"),
    ],
)
def test_what_is_not_understood_is_an_error_that_names_it(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        load(write(tmp_path, text))


def test_a_settings_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no settings file"):
        load(tmp_path, tmp_path / "absent.toml")


def test_arguments_win_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTRAMURAL_DATA", str(tmp_path / "env"))
    assert load().data == tmp_path / "env"
    assert load(tmp_path / "argument").data == tmp_path / "argument"
    monkeypatch.setenv(
        "INTRAMURAL_CONFIG", str(write(tmp_path, 'node = "ward"') / "intramural.toml")
    )
    assert load().node == "ward"


def test_only_the_settings_read_the_environment() -> None:
    root = Path(__file__).parents[2]
    readers = {
        path.relative_to(root).as_posix()
        for folder in ("gateway", "engine")
        for path in (root / folder).rglob("*.py")
        if "os.environ" in path.read_text() or "getenv" in path.read_text()
    }
    assert readers <= {"gateway/settings.py"}
