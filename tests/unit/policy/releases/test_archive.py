"""There is one archive of a policy, and nothing else is one."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.policy.problems import PolicyError
from gateway.policy.release import ACCESS, MAX_FILE, digest, read
from gateway.policy.releases.archive import MAX_ARCHIVE, pack, unpack
from gateway.policy.shipped import install_default
from tests.fakes.releases import FILES

GOOD = pack(FILES)


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.USTAR_FORMAT) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form) as archive:
        for member, content in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return written.getvalue()


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", **more: object
) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    made.linkname = link
    for key, value in more.items():
        setattr(made, key, value)
    return made


def whole(**changed: object) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [(member(name, **changed), FILES[name]) for name in sorted(FILES)]  # type: ignore[arg-type]


def with_size(size: int) -> bytes:
    """Claim that the first file is larger than the archive."""
    head = bytearray(GOOD[:512])
    head[124:136] = f"{size:011o}\0".encode()
    head[148:156] = b" " * 8
    head[148:156] = f"{sum(head):06o}\0 ".encode()
    return bytes(head) + GOOD[512:]


def test_what_is_packed_comes_back_with_its_digest() -> None:
    assert dict(unpack(GOOD)) == FILES
    assert digest(unpack(GOOD)) == digest(FILES)


def test_the_order_in_which_files_are_found_changes_no_byte() -> None:
    assert pack(dict(reversed(FILES.items()))) == GOOD


def test_its_bytes_are_those_of_version_1() -> None:
    # DURABLE: whoever kept an archive, or its hash, finds the same one made again.
    import hashlib

    archive = pack({"access.cedar": b"permit;\n", "profiles/a.yaml": b"a: b\n"})
    assert len(archive) == 10240
    assert hashlib.sha256(archive).hexdigest() == (
        "792f2d036707e5be3ecb7e9364f83b0b71d79b8a00b7b33f08fe092c6b2093d4"
    )


BAD: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no tar": lambda: b"permit (principal, action, resource);" * 100,
    "an end and no file": lambda: bytes(10240),
    "compressed": lambda: gzip.compress(GOOD),
    "compressed otherwise": lambda: bz2.compress(GOOD),
    "a bomb": lambda: gzip.compress(bytes(200 * 2**20)),
    "cut off": lambda: GOOD[: len(GOOD) // 2],
    "cut within a head": lambda: GOOD[:300],
    "something behind": lambda: GOOD + b"more",
    "padding that is not empty": lambda: GOOD[:-1] + b"x",
    "a path that leads out": lambda: tar(*whole(), (member("../access.cedar"), b"x")),
    "a path from the root": lambda: tar(*whole(), (member("/etc/cron.d/x"), b"x")),
    "a path that leads out of a folder": lambda: tar((member("profiles/../../x.yaml"), b"x")),
    "a link": lambda: tar(*whole(), (member("models.yaml", tarfile.SYMTYPE, "/etc/passwd"), b"")),
    "a hard link": lambda: tar((member("models.yaml", tarfile.LNKTYPE, "access.cedar"), b"")),
    "a device": lambda: tar((member("access.cedar", tarfile.CHRTYPE), b"")),
    "a pipe": lambda: tar((member("access.cedar", tarfile.FIFOTYPE), b"")),
    "a directory": lambda: tar((member("profiles", tarfile.DIRTYPE), b""), *whole()),
    "a file twice": lambda: tar(*whole(), (member(ACCESS), b"permit;")),
    "another order": lambda: tar(*reversed(whole())),
    "a time": lambda: tar(*whole(mtime=1)),
    "an owner": lambda: tar(*whole(uid=1000, uname="ada")),
    "another mode": lambda: tar(*whole(mode=0o777)),
    "another form": lambda: tar(*whole(), form=tarfile.GNU_FORMAT),
    "with extended heads": lambda: tar(*whole(mtime=0.5), form=tarfile.PAX_FORMAT),
    "a file that nothing reads": lambda: tar(*whole(), (member("notes.txt"), b"x")),
    "a name with an escape": lambda: tar((member("profiles/\x1b[2J.yaml"), b"x")),
    "a name that is no ASCII": lambda: tar((member("profiles/é.yaml"), b"x")),
    "a file that is too large": lambda: tar((member(ACCESS), bytes(MAX_FILE + 1))),
    "a size that is a lie": lambda: with_size(2**30),
    "a size that is small": lambda: with_size(1),
    "too many files": lambda: tar(
        *((member(f"vectors/{number:04d}.yaml"), b"x") for number in range(600))
    ),
    "too large": lambda: bytes(MAX_ARCHIVE + 1),
}


@pytest.mark.parametrize("name", BAD)
def test_what_pack_would_not_have_written_is_refused(name: str) -> None:
    with pytest.raises(PolicyError) as raised:
        unpack(BAD[name]())
    assert "\x1b" not in str(raised.value)


def test_a_name_that_the_format_cannot_hold_is_told() -> None:
    with pytest.raises(PolicyError, match="an archive's names"):
        pack({**FILES, f"profiles/{'a' * 100}.yaml": b"x"})
    with pytest.raises(PolicyError, match="an archive's names"):
        pack({**FILES, "profiles/é.yaml": b"x"})


def test_a_link_in_a_directory_of_policy_is_no_part_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    install_default(folder)
    secret = tmp_path / "secret"
    secret.write_text("canary-in-a-linked-file")
    (folder / "profiles" / "more.yaml").symlink_to(secret)
    (folder / "models.yaml").unlink()
    (folder / "models.yaml").symlink_to(secret)
    with pytest.raises(PolicyError) as raised:
        read(folder)
    assert [problem.file for problem in raised.value.problems] == [
        "models.yaml",
        "profiles/more.yaml",
    ]
    assert "canary" not in str(raised.value)
