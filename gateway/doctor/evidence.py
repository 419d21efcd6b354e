"""The evidence: the log, who witnesses it, and where its records are sent."""

from __future__ import annotations

from gateway.doctor.diagnosis import Diagnosis, Verdict
from gateway.domain.witnessing import Standing
from gateway.installation import feeds_of
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.feeding import open_feeds, status_of
from gateway.ledger.publickeys import VKEY_FILE, vkey_beside
from gateway.ledger.query import read_ledger
from gateway.ledger.recovery import CHECKPOINT_FILE, WITNESSED_FILE, read_checkpoint_file
from gateway.ledger.witness.examining import examine as examine_witnesses
from gateway.settings import Settings


def ledger(settings: Settings) -> Diagnosis:
    """Say whether there is a log under a good signature, that ends no earlier than is known."""
    vkey_file = settings.ledger / VKEY_FILE
    if not vkey_file.is_file():
        others = sorted(path.parent.name for path in settings.ledger.parent.glob(f"*/{VKEY_FILE}"))
        if others:
            return Diagnosis(
                "ledger",
                Verdict.FAILED,
                f"none for node {settings.node}, and one of {', '.join(others)}",
                f'a log keeps its name: `node = "{others[0]}"` in the settings',
            )
        return Diagnosis(
            "ledger",
            Verdict.WARNING,
            f"none yet for node {settings.node}",
            "`intramural serve` begins it",
        )
    try:
        trusted = vkey_beside(settings.ledger)
        # Before the log: a gateway at work publishes what it has written, and never more.
        published = {
            file: read_checkpoint_file(settings.ledger, trusted, file)
            for file in (CHECKPOINT_FILE, WITNESSED_FILE)
        }
        with read_ledger(settings.ledger, trusted) as reader:
            size = reader.checkpoint.size
    except LedgerError as error:
        return Diagnosis("ledger", Verdict.FAILED, str(error), "`intramural audit verify`")
    for file, known in published.items():
        if known is not None and known.size > size:
            return Diagnosis(
                "ledger",
                Verdict.FAILED,
                f"{size} records, and the file {file} proves that there were {known.size}",
                'docs/operations.md, "Backup and restore": keep a copy of the directory first',
            )
    return Diagnosis(
        "ledger",
        Verdict.OK,
        f"{size} records under a good signature; `intramural audit verify` recomputes them",
    )


def witnesses(settings: Settings) -> Diagnosis:
    """Say who outside vouches for the log."""
    peers = settings.witness.peers
    if not peers:
        return Diagnosis("witnesses", Verdict.OK, "none are named: nobody outside watches the log")
    if not (settings.ledger / VKEY_FILE).is_file():
        return Diagnosis("witnesses", Verdict.WARNING, "there is no log to show them yet")
    found = examine_witnesses(settings.witness, settings.ledger, settings.data)
    if found.refuted:
        name, size = next(iter(found.refuted.items()))
        return Diagnosis(
            "witnesses",
            Verdict.FAILED,
            f"{name} has seen another history of this log, of {size} records",
            'docs/witness.md, "When a witness refuses": keep a copy of everything first',
        )
    ago = "never" if found.age is None else f"{found.age:.0f} s ago"
    words = f"{settings.witness.policy.quorum} of {len(peers)} agreed {ago}"
    if found.silent:
        words += "; " + ", ".join(f"{name} ({why})" for name, why in found.silent.items())
    match found.standing:
        case Standing.GOOD if not found.silent:
            return Diagnosis("witnesses", Verdict.OK, words)
        case Standing.GOOD | Standing.LATE:
            verdict = Verdict.WARNING
        case Standing.STOPPED | Standing.REFUTED:
            verdict = Verdict.FAILED
    advice = "docs/witness.md says what the word in brackets means"
    return Diagnosis("witnesses", verdict, words, advice)


def exports(settings: Settings) -> Diagnosis:
    """Say how far the feeds are behind."""
    if not (settings.export.peers or settings.alerts.peers):
        return Diagnosis("exports", Verdict.OK, "records are sent nowhere")
    try:
        open_feeds(settings.export, feeds_of(settings))
        found = status_of(settings.export, feeds_of(settings))
    except LedgerError as error:
        return Diagnosis("exports", Verdict.FAILED, str(error))
    words = "; ".join(f"{each.name} to {each.peer}: {each.behind} records behind" for each in found)
    if failing := [each for each in found if each.standing.failing is not None]:
        worst = failing[0]
        return Diagnosis(
            "exports",
            Verdict.FAILED,
            f"{words} ({worst.name}: {worst.standing.reason})",
            "docs/exports.md says what the word in brackets means; nothing is lost meanwhile",
        )
    return Diagnosis("exports", Verdict.OK, words)
