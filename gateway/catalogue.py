"""Which model a request means, and whether that can do what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Model, Task

_PATHS: Final = {
    Task.GENERATE: "/v1/chat/completions, /v1/responses and /v1/completions",
    Task.EMBED: "/v1/embeddings",
    Task.TRANSCRIBE: "/v1/audio/transcriptions",
}


def find(models: Sequence[Model], aliases: Mapping[str, str], name: str, action: Action) -> Model:
    """Return the model that is called `name`; MODEL_NOT_FOUND names those that would do."""
    meant = aliases.get(name, name)
    for model in models:
        if model.name == meant:
            return model
    fitting = [model.name for model in models if model.task is action.task]
    fitting += sorted(alias for alias, model in aliases.items() if model in fitting)
    served = ", ".join(fitting)
    raise ExchangeError(
        Code.MODEL_NOT_FOUND,
        f"There is no such model here. Served: {served or 'none for this task'}.",
        param="model",
    )


def check_task(model: Model, action: Action) -> None:
    """Raise MODEL_NOT_FOR_TASK unless `model` was made for `action`."""
    if model.task is not action.task:
        raise ExchangeError(
            Code.MODEL_NOT_FOR_TASK,
            f"The model '{model.name}' answers at {_PATHS[model.task]}. Ask it there, or name one "
            "that /v1/models lists for this task.",
            param="model",
        )
