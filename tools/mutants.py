"""Breaks each invariant of the design once, on purpose, and sees that a test fails.

`make mutants` copies the tree to temporary directories, changes one line at a time there, and runs
the tests that are named to keep that invariant. A mutant that survives is a promise without a test.
One that keeps the tests from running at all is not caught: then nobody knows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

ROOT = Path(__file__).resolve().parents[1]
INVARIANTS = "tests/properties/test_invariants.py"
_SOME_FAILED: Final = 1
"""pytest's exit status, https://docs.pytest.org/en/stable/reference/exit-codes.html."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """In `file`, `old` becomes `new`; one of `tests` has to fail."""

    invariant: int
    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = (INVARIANTS,)


MUTANTS = (
    Mutant(
        1,
        "the engine gets the name of a message as the caller wrote it",
        "gateway/domain/redaction.py",
        "        conversation=conversation.rebuild(redacted),",
        "        conversation=conversation.rebuild(\n"
        "            [RedactedText(text, _MAKER) for text in texts]\n        ),",
    ),
    Mutant(
        1,
        "tool calls are not among the texts",
        "gateway/domain/exchange.py",
        "                yield call.arguments\n",
        "",
    ),
    Mutant(
        1,
        "a segment of a transcript comes back as it was heard",
        "gateway/domain/redaction.py",
        "            heard = RedactedText(left, _MAKER)",
        "            heard = RedactedText(segment.text.reveal(), _MAKER)",
        ("tests/unit/domain/test_transcript_redaction.py",),
    ),
    Mutant(
        2,
        "the engine runs before the intent is durable",
        "gateway/pipeline.py",
        "        receipt = await parts.ledger.append(\n"
        "            trail.intent(parts.clock.now_ms(), redaction.counts, prompt.tokens)\n        )\n",
        "        from gateway.domain.ports import Receipt\n"
        "        receipt = Receipt(trail.exchange, 0, b'')\n"
        "        asyncio.ensure_future(parts.ledger.append(\n"
        "            trail.intent(parts.clock.now_ms(), redaction.counts, prompt.tokens)\n        ))\n",
    ),
    Mutant(
        2,
        "the reply ends before its outcome is durable",
        "gateway/pipeline.py",
        "        await self._settlement.settle(\n",
        "        channel.end(Done(rest, reason, Usage(0, 0)))\n"
        "        await self._settlement.settle(\n",
    ),
    Mutant(
        2,
        "what was only treated comes back before its outcome is durable",
        "gateway/pipeline.py",
        "        await self._settlement.settle(progress.outcome(trail, now, None, 0, 0))\n",
        "        self._late = asyncio.create_task(\n"
        "            self._settlement.settle(progress.outcome(trail, now, None, 0, 0))\n        )\n",
        ("tests/unit/http/test_presidio.py",),
    ),
    Mutant(
        2,
        "what fails while a reply is kept leaves the intent without its outcome",
        "gateway/settlement.py",
        "            except Exception as error:  # noqa: BLE001 - recorded, then raised below\n",
        "            except LedgerUnavailable as error:\n",
        ("tests/unit/test_keeping.py",),
    ),
    Mutant(
        2,
        "a client that goes away leaves no outcome",
        "gateway/channel.py",
        "            raise stopped(self.cancelled) from None\n",
        "            raise\n",
    ),
    Mutant(
        1,
        "a transcript is returned as it was heard",
        "gateway/pipeline.py",
        "        return heard\n",
        "        return result\n",
        ("tests/unit/test_tasks.py",),
    ),
    Mutant(
        3,
        "a detector that raises finds nothing",
        "gateway/pipeline.py",
        "            findings = await channel.run(keeping.detect(legible(ask.conversation)))\n",
        "            try:\n"
        "                findings = await channel.run(keeping.detect(legible(ask.conversation)))\n"
        "            except Exception:\n"
        "                findings = [() for _ in ask.conversation.texts()]\n",
    ),
    Mutant(
        3,
        "a type that no profile names is kept",
        "gateway/domain/policy.py",
        "_BLOCK = Rule(Operator.BLOCK)",
        "_BLOCK = Rule(Operator.KEEP)",
        ("tests/unit/domain/test_redaction.py",),
    ),
    Mutant(
        3,
        "a token for another audience is believed",
        "gateway/identity/claims.py",
        '    if not set(_texts(payload, "aud")) & set(settings.audience):\n',
        '    if "aud" not in payload:\n',
        ("tests/unit/identity/test_oidc.py",),
    ),
    Mutant(
        3,
        "a token chooses its algorithm among those of other keys",
        "gateway/identity/jwks.py",
        "    able &= allowed\n",
        "    able = allowed\n",
        ("tests/unit/identity",),
    ),
    Mutant(
        3,
        "the identity provider's keys never grow too old",
        "gateway/identity/providerkeys.py",
        "if snapshot is None or self._monotonic() - snapshot.at > self._timing.max_age:",
        "if snapshot is None:",
        ("tests/unit/identity",),
    ),
    Mutant(
        4,
        "a stricter profile brings its own limits and its own place in the queue",
        "gateway/allowance.py",
        "    return replace(decision, profile=profile.within(granted))\n",
        "    return replace(decision, profile=profile)\n",
    ),
    Mutant(
        4,
        "a client may ask for a profile that a forbid rules out",
        "gateway/allowance.py",
        "    if against:\n",
        "    if not asked:\n",
        ("tests/unit/policy/test_speaking.py",),
    ),
    Mutant(
        4,
        "a stricter profile opens what the granted one leaves sealed",
        "gateway/domain/policy.py",
        "            closed=self.closed | self.opens() - granted.opens(),\n",
        "",
        ("tests/unit/domain/test_policy.py",),
    ),
    Mutant(
        4,
        "a reply that was kept for one caller is given to another",
        "gateway/generation/cached.py",
        "            terms.partition,\n",
        "",
        ("tests/properties/test_cache.py",),
    ),
    Mutant(
        4,
        "a token's subject is recorded as it is",
        "gateway/identity/claims.py",
        "        id=_PREFIX + bounded(subject, _MAX - len(_PREFIX)),\n",
        "        id=_PREFIX + subject,\n",
        ("tests/properties/test_tokens.py",),
    ),
    Mutant(
        4,
        "a client may ask for any profile",
        "gateway/allowance.py",
        "    if profile.strictness < granted.strictness:",
        "    if profile.strictness < 0:",
    ),
    Mutant(
        4,
        "the client's own words for a model are recorded",
        "gateway/pipeline.py",
        "        ask = await submission.read(caller)\n",
        "        ask = await submission.read(caller)\n"
        "        trail.model = Model(ask.model[:64].encode('ascii', 'replace').decode(), '', 1, 1)\n",
    ),
    Mutant(
        5,
        "an unknown field is dropped",
        "gateway/http/strict.py",
        "class Strict(Concealed, frozen=True, forbid_unknown_fields=True, kw_only=True):",
        "class Strict(Concealed, frozen=True, kw_only=True):",
    ),
    Mutant(
        5,
        "a new string field is neither scanned nor exempt",
        "gateway/http/wire.py",
        "    store: bool | None = None\n",
        "    store: bool | None = None\n    instructions: str | None = None\n",
    ),
    Mutant(
        6,
        "an exception's message is logged",
        "gateway/logs.py",
        '    fields = {"error": type(error).__name__, "place": place(error.__traceback__)}\n'
        "    if exchange",
        '    fields = {"error": repr(error), "place": place(error.__traceback__)}\n    if exchange',
        ("tests/leaks/test_canary.py",),
    ),
    Mutant(
        6,
        "a text shows itself when printed",
        "gateway/domain/text.py",
        '        return f"<{type(self).__name__} {len(self._value)} characters>"',
        "        return self._value",
        ("tests/leaks/test_canary.py",),
    ),
    Mutant(
        7,
        "the tripwire lets every address through",
        "gateway/egress.py",
        '        raise EgressRefused("a connection that the settings do not name was refused")\n',
        "        return\n",
    ),
    Mutant(
        8,
        "a record is acknowledged before it is committed",
        "gateway/ledger/writer.py",
        '            db.execute("COMMIT")\n',
        "            from gateway.ledger.answers import deliver\n\n"
        '            deliver(answers)\n            db.execute("COMMIT")\n',
        ("tests/faults",),
    ),
    Mutant(
        8,
        "a commit is not synced to the disk",
        "gateway/ledger/store.py",
        '        ("synchronous", 2),',
        '        ("synchronous", 0),',
        ("tests/faults",),
    ),
    Mutant(
        8,
        "a commit whose end is unknown is taken for a refusal",
        "gateway/ledger/writer.py",
        "            if not is_retryable(error):",
        "            if False:",
        ("tests/faults",),
    ),
    Mutant(
        8,
        "a file that is published is not synced before it is moved into place",
        "gateway/files.py",
        "        for descriptor in descriptors:\n            os.fsync(descriptor)\n",
        "",
        ("tests/faults/test_power_loss.py",),
    ),
    Mutant(
        8,
        "the names of tiles are not synced before the checkpoint",
        "gateway/files.py",
        "            os.close(descriptor)\n    for parent in parents:\n        sync_directory(Path(parent))\n",
        "            os.close(descriptor)\n",
        ("tests/faults/test_power_loss.py",),
    ),
    Mutant(
        8,
        "leaves that are read together are not compared with what they should be",
        "gateway/ledger/leaves.py",
        '    if len(values) != len(leaves) or _encoder.encode_lines(values) != joined + b"\\n":\n',
        "    if len(values) != len(leaves):\n",
        ("tests/unit/ledger/test_leaves.py",),
    ),
    Mutant(
        8,
        "a later field makes no later version",
        "gateway/ledger/leaves.py",
        "        return not self.brought\n",
        "        return True\n",
        ("tests/unit/ledger/test_leaves.py",),
    ),
    Mutant(
        8,
        "a row of the search index that is another one is not noticed",
        "gateway/ledger/indexed.py",
        "        if self._db.execute(_ROWS, (start, end)).fetchone() != rows:\n",
        "        if rows[0] != len(leaves):\n",
        ("tests/unit/ledger/test_verifier.py",),
    ),
    Mutant(
        8,
        "an index of SQLite that lacks rows of the search index is not noticed",
        "gateway/ledger/indexed.py",
        '        if self._db.execute(_INDEXED).fetchall() != [("ok",)]:\n',
        "        if self._db.execute(_INDEXED).fetchall() == []:\n",
        ("tests/unit/ledger/test_verifier.py",),
    ),
    Mutant(
        8,
        "the verifier trusts the stored root",
        "gateway/ledger/verifier.py",
        "def _compare(frontier: Frontier, checkpoint: Checkpoint, name: str) -> None:\n",
        "def _compare(frontier: Frontier, checkpoint: Checkpoint, name: str) -> None:\n    return\n\n\n"
        "def _compared(frontier: Frontier, checkpoint: Checkpoint, name: str) -> None:\n",
        ("tests/unit/ledger/test_verifier.py",),
    ),
    Mutant(
        2,
        "an engine elsewhere is asked without a receipt",
        "gateway/generation/remote.py",
        "        if not isinstance(receipt, Receipt):\n"
        '            raise TypeError("an engine runs nothing without a receipt of the ledger")\n',
        "",
        ("tests/unit/generation/test_remote.py",),
    ),
    Mutant(
        6,
        "a client is told what an engine elsewhere says",
        "gateway/generation/answers.py",
        "        \"The engine does not take these messages: its model's chat template may not "
        'express them.",\n',
        "        refused.message,\n",
        ("tests/leaks/test_engine_elsewhere.py",),
    ),
    Mutant(
        7,
        "an engine may be anywhere",
        "gateway/endpoints.py",
        "        if not inside(place.address, networks):",
        "        if not networks:",
        ("tests/unit/test_settings.py",),
    ),
    Mutant(
        7,
        "every Unix socket is a peer",
        "gateway/egress.py",
        "                if address is None or _peer(address) in peers:",
        "                if not isinstance(address, tuple) or _peer(address) in peers:",
    ),
)


def main() -> None:
    """Run every mutant; print a line for each, or JSON; exit 1 if one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.add_argument("--invariant", type=int, help="only the mutants of this invariant")
    parser.add_argument("--workers", type=int, default=2, help="mutants at one time")
    arguments = parser.parse_args()
    chosen = [each for each in MUTANTS if arguments.invariant in {None, each.invariant}]
    survivors = 0
    with (
        trees(min(arguments.workers, len(chosen))) as free,
        ThreadPoolExecutor(arguments.workers) as pool,
    ):
        for mutant, caught in zip(
            chosen, pool.map(lambda each: run(each, free), chosen), strict=True
        ):
            survivors += caught is None
            report(mutant, caught, as_json=arguments.json)
    sys.exit(1 if survivors else 0)


@contextmanager
def trees(count: int) -> Iterator[SimpleQueue[Path]]:
    """Copies of this tree, of which each belongs to the mutant that took it out of the queue."""
    free: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(count):
            tree = Path(folder) / str(number)
            for name in ("gateway", "engine", "tests", "policies", "tools"):
                shutil.copytree(
                    ROOT / name,
                    tree / name,
                    ignore=shutil.ignore_patterns("node_modules", "__pycache__"),
                )
            for name in ("pyproject.toml", "Makefile"):
                shutil.copy(ROOT / name, tree / name)
            (tree / ".local").symlink_to(ROOT / ".local")
            free.put(tree)
        yield free


def run(mutant: Mutant, free: SimpleQueue[Path]) -> str | None:
    """Return the first test that fails on `mutant`, or `None` if it survives."""
    tree = free.get()
    file = tree / mutant.file
    original = file.read_text()
    try:
        if original.count(mutant.old) != 1:  # `tests/unit/test_mutants.py` says so long before.
            raise SystemExit(
                f"{mutant.file} holds the line of a mutant not exactly once: {mutant.what}"
            )
        file.write_text(original.replace(mutant.old, mutant.new))
        return first_failure(mutant, tree)
    finally:
        file.write_text(original)
        free.put(tree)


def first_failure(mutant: Mutant, tree: Path) -> str | None:
    """Run the tests of `mutant` where it lives; the smallest counterexample is nobody's need."""
    done = subprocess.run(  # noqa: S603 - our own test command
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow"),
            *("-p", "no:cacheprovider", "--hypothesis-profile=unshrunk", *mutant.tests),
        ],
        cwd=tree,
        # Processes that a test starts see the mutant too. Bytecode is told by its second and size.
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode != _SOME_FAILED or failed is None:
        raise SystemExit(
            f"the tests did not run: {mutant.what}\n{done.stdout[-2000:]}{done.stderr}"
        )
    return failed[1]


def report(mutant: Mutant, caught: str | None, *, as_json: bool) -> None:
    """Say what became of one mutant."""
    if as_json:
        line = {"invariant": mutant.invariant, "mutant": mutant.what, "caught_by": caught}
        sys.stdout.write(json.dumps(line) + "\n")
    else:
        mark = "✓" if caught else "✗"
        sys.stdout.write(f"{mark} {mutant.invariant} {mutant.what}\n    {caught or 'SURVIVED'}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
