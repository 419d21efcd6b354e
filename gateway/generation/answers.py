"""What the answers of an engine elsewhere come to.

What an engine says is not trusted: its words reach no client, no log and no record. It is judged by
its status and by a few codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, TypeVar

import msgspec

from gateway.domain.errors import Code, ExchangeError
from gateway.endpoints import RemoteModel

_T = TypeVar("_T")
_Tokens = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
"""What goes into records: no engine may state a number that they cannot hold."""
MOST_CALLS: Final = 128
"""Calls of tools in one reply; OpenAI takes as many tools in a request."""
_OPTIONS: Final = frozenset(
    {
        "max_tokens",
        "seed",
        "stop",
        "temperature",
        "top_p",
        "tools",
        "tool_choice",
        "response_format",
    }
)
_UNAVAILABLE: Final = 503
_FULL: Final = frozenset({429, _UNAVAILABLE})
FORBIDDEN: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_ABSENT: Final = frozenset({405, 501})
_CLIENTS: Final = range(400, 500)


class NotUnderstood(Exception):  # noqa: N818 - reads as a state, as `Upset` does
    """What an engine sent is not what is meant, or no JSON at all. Nothing of it is quoted."""


class Upset(Exception):  # noqa: N818 - reads as a state, as `LedgerUnavailable` does
    """An engine did not do what it was asked. `error` is what the client would be told."""

    def __init__(
        self,
        error: ExchangeError,
        *,
        elsewhere: bool,
        here: bool = False,
        status: int = 0,
        absent: bool = False,
    ) -> None:
        super().__init__(str(error.code))
        self.error = error
        self.elsewhere = elsewhere
        """Whether another engine may be asked: nothing was computed, or nobody has it."""
        self.here = here
        """Whether this one may be asked once more: it may have closed an idle connection."""
        self.status = status
        """The HTTP status that was answered, if it was another than 200."""
        self.absent = absent
        """Whether it says that there is nothing at this path, for whatever request."""


class _Concealed(msgspec.Struct, frozen=True):
    """What an engine said: it may be a patient's, and does not show itself when it is printed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class _Function(_Concealed, frozen=True):
    name: str | None = None
    arguments: str | None = None


class CallPart(_Concealed, frozen=True):
    """What an event adds to the call of a tool."""

    index: Annotated[int, msgspec.Meta(ge=0, lt=MOST_CALLS)] = 0
    function: _Function = _Function()


class _Delta(_Concealed, frozen=True):
    content: str | None = None
    tool_calls: list[CallPart] | None = None


class _Choice(_Concealed, frozen=True):
    delta: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None


class _Counts(msgspec.Struct, frozen=True):
    prompt_tokens: _Tokens = 0
    completion_tokens: _Tokens = 0


class Chunk(_Concealed, frozen=True):
    """What is read of an event of any server; whatever else it says is left unread."""

    choices: list[_Choice] = []
    usage: _Counts | None = None
    error: object = None

    @property
    def text(self) -> str:
        """What the event adds to the reply."""
        if not self.choices:
            return ""
        choice = self.choices[0]
        return (choice.text or "") if choice.delta is None else (choice.delta.content or "")

    @property
    def calls(self) -> Sequence[CallPart]:
        """What the event adds to calls of tools."""
        if not self.choices or self.choices[0].delta is None:
            return ()
        return self.choices[0].delta.tool_calls or ()

    @property
    def finish_reason(self) -> str | None:
        """Why the reply ended, if it did."""
        return self.choices[0].finish_reason if self.choices else None


class Refused(_Concealed, frozen=True):
    """An error object, as far as it is read. No text of it goes on."""

    code: str | int | None = None
    type: str | None = None
    param: str | None = None
    message: str = ""


class _RefusedBody(msgspec.Struct, frozen=True):
    error: Refused


class ListedModel(msgspec.Struct, frozen=True):
    """One model that an engine says it serves."""

    id: str
    digest: str | None = None


class Listed(msgspec.Struct, frozen=True):
    """Its list of models."""

    data: list[ListedModel]


def decode(data: bytes, kind: type[_T]) -> _T:
    """Return what an engine sent, or raise `NotUnderstood`.

    Bytes that are not UTF-8 and what is nested too deep are errors of their own to msgspec.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotUnderstood from None


def refused(status: int, answer: bytes) -> tuple[Upset, str | None]:
    """Return what another status than 200 comes to, and what is wrong with the engine, in a word.

    Nothing of the answer's words goes on.
    """
    try:
        said = decode(answer, _RefusedBody).error
    except NotUnderstood:
        said = Refused()
    if status == _UNAVAILABLE and said.code == Code.MODEL_UNAVAILABLE:
        return Upset(_not_loaded(), elsewhere=True, status=status), None
    if status in _FULL:
        busy = ExchangeError(Code.OVERLOADED, "The engines are busy. Try again in a few seconds.")
        ailment = "not_ready" if said.code == "shutting_down" else None
        return Upset(busy, elsewhere=True, status=status), ailment
    if status in FORBIDDEN or status == _NOT_FOUND:
        ailment = "key_refused" if status in FORBIDDEN else "model_missing"
        absent = status == _NOT_FOUND and said.code != Code.MODEL_NOT_FOUND
        return Upset(unavailable(), elsewhere=True, status=status, absent=absent), ailment
    absent = status in _ABSENT
    if status in _CLIENTS:
        error = _clients_error(said)
        return Upset(error, elsewhere=False, status=status, absent=absent), None
    return Upset(failed(), elsewhere=False, status=status, absent=absent), None


def verdict(served: Mapping[str, ListedModel], models: Mapping[str, RemoteModel]) -> str | None:
    """Return what is wrong with the models of an engine, or `None`."""
    for name, model in models.items():
        found = served.get(model.name or name)
        if found is None:
            return "model_missing"
        if model.digest is not None and found.digest != model.digest:
            return "other_model"
    return None


def unavailable() -> ExchangeError:
    """Return what is said where no engine can be asked."""
    return ExchangeError(
        Code.ENGINE_UNAVAILABLE, "No engine can be reached. Try again in a few seconds."
    )


def failed() -> ExchangeError:
    """Return what is said where an engine broke off."""
    return ExchangeError(Code.ENGINE_FAILED, "The engine failed on this request. Try again.")


def _not_loaded() -> ExchangeError:
    """Return what is said where an engine has a model and cannot load it."""
    return ExchangeError(
        Code.MODEL_UNAVAILABLE,
        "This model cannot be loaded at present. Use another of GET /v1/models, and tell the "
        "operator.",
        param="model",
    )


def _clients_error(refused: Refused) -> ExchangeError:
    """Return what the client is told whose request an engine does not take."""
    too_long = (
        refused.code == "context_length_exceeded"
        or refused.type == "exceed_context_size_error"  # llama-server
        or "maximum context length" in refused.message  # vLLM
    )
    if too_long:
        return ExchangeError(
            Code.CONTEXT_LENGTH_EXCEEDED,
            "Prompt and reply do not fit the model's context: shorten the messages or lower "
            "max_tokens.",
            param="messages",
        )
    if refused.code == "unsupported_parameter" and refused.param in _OPTIONS:
        return ExchangeError(
            Code.UNSUPPORTED_PARAMETER,
            f"The engine cannot honour {refused.param} with this value. Leave it out.",
            param=refused.param,
        )
    if refused.code == "unknown_field":
        # Of what is sent, only this is not known to every engine, our own among them.
        return ExchangeError(
            Code.UNSUPPORTED_PARAMETER,
            "The engine of this model knows neither tools nor response_format. Leave them out.",
            param="tools",
        )
    return ExchangeError(
        Code.INVALID_MESSAGES,
        "The engine does not take these messages: its model's chat template may not express them.",
        param="messages",
    )
