"""`intramural demo`: one clinical note through all eight steps, on a real model, before your eyes.

Everything is real: the gateway on a socket, the unmodified `openai` client, the ledger and its
verifier. The only addition is an engine that keeps what it was given, so that it can be shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec
import typer

from gateway.cli.common import fail, settings_of
from gateway.domain.exchange import Ask, Event, Model
from gateway.domain.policy import Terms
from gateway.domain.text import RedactedText
from gateway.settings import Settings

if TYPE_CHECKING:
    from openai import OpenAI
    from rich.console import Console

    from gateway.domain.ports import Engine, Prompt, Receipt

QUESTION: Final = "Write one short sentence that names the patient and says why she was admitted."
NOTE: Final = """\
DISCHARGE SUMMARY
Patient: Margaret Thornton        MRN: 48210377
DOB: 03/14/1952                   Phone: (617) 555-0142
Address: 27 Maple Street, Boston, MA 02118

Mrs. Thornton is a 74-year-old woman who was admitted on 11/02/2026 with chest
pain and shortness of breath. Troponin was 0.02 ng/mL, ECG showed sinus rhythm
at 78/min. She was treated with aspirin 81 mg and metoprolol 25 mg twice a day.
Margaret Thornton was discharged home in stable condition and will be seen by
Dr. Samuel Okafor in two weeks.
"""
"""Synthetic: neither the patient nor the physician exists."""
IDENTIFIERS: Final = (
    "Margaret",
    "Thornton",
    "48210377",
    "03/14/1952",
    "555-0142",
    "27 Maple Street",
    "02118",
    "Okafor",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(context: typer.Context) -> None:
    """Show one clinical note on its way to a model and back; exit 0 only if every promise held."""
    try:
        import openai
    except ModuleNotFoundError:
        fail(
            "the demo asks with the `openai` client, which is not installed: `make demo` in a "
            "checkout brings it, or install requirements/demo.lock"
        )
    from rich.console import Console

    from gateway import logs

    settings = _demo_settings(settings_of(context))
    console = Console(highlight=False)
    logs.configure(style="json", level="error")
    with _gateway(settings, console) as running:
        client = openai.OpenAI(
            base_url=f"http://127.0.0.1:{running.port}/v1",
            api_key=running.key,
            default_headers={"X-Purpose-Of-Use": "TREAT"},
            max_retries=0,
        )
        shown = _converse(console, client, running.engine)
    kinds = _show_records(console, settings, shown.exchange)
    verified = _show_verdict(console, settings)
    seen, reply = shown.seen.casefold(), shown.reply
    promises = {
        f"The engine saw none of the {len(IDENTIFIERS)} identifiers.": not any(
            identifier.casefold() in seen for identifier in IDENTIFIERS
        ),
        "It did see the rest of the note.": "metoprolol 25 mg" in seen,
        "The reply came back with the caller's own words, and no pseudonym.": any(
            identifier in reply for identifier in IDENTIFIERS
        )
        and "PERSON_" not in reply,
        "It streamed.": shown.pieces > 1,
        "One intent and one outcome are on record.": kinds == ["intent", "outcome"],
        "The verifier recomputed the whole log from its leaves.": verified,
    }
    console.rule("What was promised")
    for promise, held in promises.items():
        console.print(f"  {'[green]✓[/]' if held else '[red]✗[/]'} {promise}")
    if not all(promises.values()):
        fail("a promise did not hold: see above")
    console.print("\nServe it yourself with [bold]make run[/].")


@dataclass(frozen=True, slots=True)
class _Running:
    port: int
    key: str
    engine: _Watched


@dataclass(frozen=True, slots=True)
class _Shown:
    exchange: str
    seen: str
    reply: str
    pieces: int


class _Watched:
    """The real engine, and what it was given to read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seen = ""

    def models(self) -> Sequence[Model]:
        return self._engine.models()

    def expecting(self, model: Model) -> AbstractContextManager[None]:
        return self._engine.expecting(model)

    def prepare(
        self, model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms
    ) -> Prompt:
        self.seen = "\n\n".join(text.for_engine() for text in ask.conversation.texts())
        return self._engine.prepare(model, ask, max_tokens, terms)

    def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Event, None]:
        return self._engine.generate(prompt, receipt)


def _demo_settings(settings: Settings) -> Settings:
    """Keep the demo's keys and ledger apart, so that it runs beside a gateway that serves."""
    server = msgspec.structs.replace(settings.server, host="127.0.0.1", port=0)
    return replace(settings, data=settings.data / "demo", node="demo", server=server)


@contextlib.contextmanager
def _gateway(settings: Settings, console: Console) -> Iterator[_Running]:
    """Run the gateway in a thread of its own until the block ends."""
    import uvloop

    from gateway import installation
    from gateway.app import assemble, build
    from gateway.cli.recorder import record_admin
    from gateway.cli.serve import explain
    from gateway.http.server import build as build_server
    from gateway.identity.keyring import open_keyring

    with console.status("Starting the gateway …") as status:
        try:
            # The demo shows the policy that is shipped now, not the one of its first run.
            shutil.rmtree(settings.policies, ignore_errors=True)
            built = build(settings, lambda part: status.update(f"Starting: {part} …"))
            key_file = installation.ensure_demo_key(
                settings,
                open_keyring(settings.state, settings.keys),
                lambda act, target: record_admin(settings, act, target),
            )
        except Exception as error:  # noqa: BLE001 - one line for people
            fail(explain(error))
        watched = _Watched(built.parts.engine)
        app = assemble(replace(built.parts, engine=watched), settings, built.checks, built.running)
        server = build_server(app, settings.server)
        listener = socket.create_server((settings.server.host, settings.server.port))

        def run() -> None:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(server.serve(sockets=[listener]))

        thread = threading.Thread(target=run, name="gateway", daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            thread.join(0.01)
    try:
        yield _Running(listener.getsockname()[1], key_file.read_text().strip(), watched)
    finally:
        server.should_exit = True
        thread.join()
        built.close()


def _converse(console: Console, client: OpenAI, engine: _Watched) -> _Shown:
    """Send the note, and show it, what the engine saw, and the reply as it streams."""
    console.rule("1. What the caller sent")
    console.print(f"{QUESTION}\n\n{NOTE}", markup=False)
    raw = client.chat.completions.with_raw_response.create(
        model=engine.models()[0].name,
        messages=[{"role": "user", "content": f"{QUESTION}\n\n{NOTE}"}],
        max_tokens=120,
        temperature=0,
        stream=True,
    )
    console.rule("2. What the engine saw")
    console.print(engine.seen, markup=False)
    console.rule("3. What came back, restored, as it streamed")
    pieces = []
    for chunk in raw.parse():
        for choice in chunk.choices:
            if choice.delta.content:
                pieces.append(choice.delta.content)
                console.print(choice.delta.content, end="", markup=False)
    console.print("\n")
    return _Shown(raw.headers["x-request-id"], engine.seen, "".join(pieces), len(pieces))


def _show_records(console: Console, settings: Settings, exchange: str) -> list[str]:
    """Show what the ledger says of the exchange, and return the kinds of its records."""
    from gateway.domain.canonical import encode
    from gateway.domain.records import kind_of
    from gateway.ledger.query import read_ledger

    console.rule("4. What the ledger holds of it")
    with read_ledger(settings.ledger) as reader:
        records = [logged.record for logged in reader.exchange(exchange)]
    for record in records:
        console.print_json(encode(record).decode())
    return [str(kind_of(record)) for record in records]


def _show_verdict(console: Console, settings: Settings) -> bool:
    """Verify the whole log of the demo, and say what was found."""
    from gateway.ledger.errors import VerificationError
    from gateway.ledger.publickeys import vkey_beside
    from gateway.ledger.verifier import verify

    console.rule("5. What the verifier says")
    try:
        report = verify(settings.ledger, vkey_beside(settings.ledger))
    except VerificationError as error:
        console.print(f"[red]✗[/] {error}")
        return False
    console.print(
        f"[green]✓[/] {report.size} records recomputed; root and signature match the checkpoint\n"
    )
    return True
