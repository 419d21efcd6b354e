"""`intramural policy simulate --texts`: kept texts, opened in a person's name and not shown."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import typer

from gateway.cli.common import fail, settings_of
from gateway.cli.person import person
from gateway.cli.traffic import LEDGER, progress
from gateway.domain.duties import Duty
from gateway.domain.errors import ExchangeError

if TYPE_CHECKING:
    from gateway.domain.exchange import Caller
    from gateway.policy.simulation.replay import Past
    from gateway.policy.simulation.texts import TextFindings
    from gateway.rehearsal import Rehearsal


class Texts:
    """One run, to be fed exchanges and then to open some of them."""

    def __init__(self, rehearsal: Rehearsal, found: TextFindings) -> None:
        self._rehearsal = rehearsal
        self.found = found

    def choose(self, past: Past) -> None:
        """Take an exchange into account, which ended."""
        self._rehearsal.choose(past)

    def open(self) -> None:
        """Open what was chosen, with a bar on a terminal."""
        with progress("texts") as moved:
            asyncio.run(self._rehearsal.open(moved))


@contextmanager
def opening(context: typer.Context, traffic: str) -> Iterator[Texts]:
    """Yield what opens texts in the name of `--as`; say in one line what is wrong, and exit."""
    from gateway.identity.grants.store import GrantStoreError
    from gateway.secretfiles import SecretFileError

    if traffic != LEDGER:
        fail("the texts of this node belong to the records of its own log: leave out --traffic")
    caller = person(context, Duty.READ_PAYLOAD)
    try:
        with _opened(context, caller) as made:
            yield made
    except ExchangeError as error:
        fail(error.message)
    except (GrantStoreError, SecretFileError) as error:
        fail(str(error))


@contextmanager
def _opened(context: typer.Context, caller: Caller) -> Iterator[Texts]:
    from gateway.cli.audit_arguments import ledger_errors
    from gateway.cli.grants import desk_beside
    from gateway.cli.opening import open_local_detector
    from gateway.clock import SystemClock
    from gateway.installation import place_of, vault_of
    from gateway.ledger.ledger import SqliteLedger
    from gateway.ledger.sealing import VaultReader
    from gateway.ledger.witness.opening import gate_once, recorder
    from gateway.policy.simulation.texts import Rereading
    from gateway.rehearsal import Means, Rehearsal

    settings = settings_of(context)
    rereading = Rereading(dt.datetime.now(dt.UTC).year)
    with (
        ledger_errors(),
        SqliteLedger.open_for_recording(place_of(settings)) as ledger,
        closing(desk_beside(context, ledger)) as grants,
        closing(open_local_detector(context)) as detector,
    ):
        vault, clock = VaultReader(vault_of(settings)), SystemClock()
        asked = recorder(ledger, clock)
        gate = gate_once(settings.witness, settings.ledger, settings.data, asked)
        means = Means(vault, grants, ledger, clock, detector, gate)
        rehearsal = Rehearsal(means, caller, rereading)
        asyncio.run(rehearsal.begin())
        yield Texts(rehearsal, rereading.found)
