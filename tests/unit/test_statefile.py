"""A small database under `state/` is opened alike, whoever keeps something in it."""

from __future__ import annotations

import threading
from pathlib import Path

import apsw
import pytest

from gateway.statefile import UnknownVersion, connect

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS thing (id TEXT PRIMARY KEY) STRICT;
PRAGMA user_version = 1;
COMMIT;
"""


def test_it_is_made_durable_and_for_its_owner_alone(tmp_path: Path) -> None:
    db = connect(tmp_path / "state" / "things.db", SCHEMA, 1)
    db.execute("INSERT INTO thing VALUES ('x')")
    assert db.pragma("synchronous") == 2
    assert db.pragma("journal_mode") == "wal"
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    db.close()


def test_it_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "things.db"
    first = connect(path, SCHEMA, 1)
    first.execute("INSERT INTO thing VALUES ('x')")
    first.close()
    assert connect(path, SCHEMA, 1).execute("SELECT id FROM thing").get == "x"


@pytest.mark.parametrize("version", [2, 99])
def test_a_later_version_is_refused_and_nothing_stays_open(tmp_path: Path, version: int) -> None:
    path = tmp_path / "things.db"
    connect(path, SCHEMA, 1).pragma("user_version", version)
    with pytest.raises(UnknownVersion, match="use the release that made it"):
        connect(path, SCHEMA, 1)


def test_what_is_no_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "things.db"
    path.write_bytes(b"no database " * 100)
    with pytest.raises(apsw.NotADBError):
        connect(path, SCHEMA, 1)


def test_many_may_make_it_at_once(tmp_path: Path) -> None:
    opened: list[apsw.Connection] = []
    threads = [
        threading.Thread(target=lambda: opened.append(connect(tmp_path / "t.db", SCHEMA, 1)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
