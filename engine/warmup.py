"""One short reply on each replica, so that the first caller does not pay for what comes first."""

from __future__ import annotations

from queue import SimpleQueue
from typing import Final

from engine.errors import EngineError, Overloaded
from engine.generator import GenerateOptions, Generator
from engine.job import Event, Finished

# Short enough for any context, long enough for the matrix shapes of a real prompt.
_TEXT: Final = "The patient was admitted with chest pain and shortness of breath on exertion."
_TOKENS: Final = 4


def warm_up(generator: Generator) -> None:
    """Generate a few tokens on every replica; blocks. Raises what a failed generation raises."""
    options = GenerateOptions(max_tokens=_TOKENS, temperature=0)
    prompt = generator.prepare_text(_TEXT, options)
    events: SimpleQueue[Event] = SimpleQueue()
    # The first goes alone: once it has ended, the other replicas wait for work, and jobs that come
    # together are shared out among them.
    for count in (1, generator.replicas):
        submitted = 0
        for _ in range(count):
            try:
                generator.submit(prompt, events.put)
            except Overloaded:  # A short queue; what is in it warms as many as it can.
                break
            submitted += 1
        while submitted:
            match events.get():
                case EngineError() as error:
                    raise error
                case Finished():
                    submitted -= 1
                case _:
                    pass
