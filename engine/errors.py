"""What can go wrong in the engine. Messages say what to do next and never hold a prompt's text."""

from __future__ import annotations


class EngineError(Exception):
    """The root of every error that this package raises on purpose."""


class ModelError(EngineError):
    """A model cannot be imported, found or trusted."""


class UnsupportedModel(ModelError):  # noqa: N818 - reads as a state, as in DESIGN.md
    """The source is well formed, and no test shows that this engine would run it right."""


class UnsupportedArchitecture(UnsupportedModel):
    """An architecture outside of the list; the message names it and the list."""


class UnsupportedTokenizer(UnsupportedModel):
    """A tokenizer, or a pre-tokenizer, outside of the list."""


class BrokenSource(ModelError):  # noqa: N818 - as UnsupportedModel
    """The source is truncated, altered or not what it claims to be."""


class ModelNotFound(ModelError):  # noqa: N818 - as UnsupportedModel
    """No model of that name is in the store."""


class ModelExists(ModelError):  # noqa: N818 - as UnsupportedModel
    """A model of that name is in the store already."""


class WrongTask(ModelError):  # noqa: N818 - as UnsupportedModel
    """The model is in the store, and was made for something else."""


class ModelChanged(ModelError):  # noqa: N818 - as UnsupportedModel
    """A file of an installed model is not the one that was imported."""


class SelfCheckFailed(ModelError):  # noqa: N818 - as UnsupportedModel
    """The imported model does not compute what its source computes."""


class LoadFailed(ModelError):  # noqa: N818 - as UnsupportedModel
    """A model whose bytes are right could not be put into memory, or does not compute there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"model {name} could not be loaded: look what else needs its memory")


class DoesNotFit(ModelError):  # noqa: N818 - as UnsupportedModel
    """A model and what it needs to run do not fit into the memory that is left."""


class NoDevice(EngineError):  # noqa: N818 - as UnsupportedModel
    """None of the devices that the settings prefer is there."""


class QualityTooLow(ModelError):  # noqa: N818 - as UnsupportedModel
    """The int8 model predicts the shipped text too much worse than float32 does."""


class UnsupportedInput(EngineError):  # noqa: N818 - as UnsupportedModel
    """The model's chat template cannot express these messages."""


class UnsupportedOption(EngineError):  # noqa: N818 - as UnsupportedModel
    """The engine cannot honour an option, so it refuses instead of ignoring it."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


class PromptTooLong(EngineError):  # noqa: N818 - as UnsupportedModel
    """Prompt and reply together do not fit into the context."""

    def __init__(self, tokens: int, max_tokens: int, limit: int) -> None:
        super().__init__(
            f"The prompt has {tokens} tokens and the reply may have {max_tokens}, but the model's "
            f"context holds {limit}: shorten the messages or lower max_tokens."
        )
        self.tokens = tokens
        self.max_tokens = max_tokens
        self.limit = limit


class InputTooLong(EngineError):  # noqa: N818 - as UnsupportedModel
    """One of several texts does not fit into the context."""

    def __init__(self, index: int, tokens: int, limit: int) -> None:
        super().__init__(
            f"Text {index} has {tokens} tokens, but the model takes {limit}: send it in parts."
        )
        self.index = index
        self.tokens = tokens
        self.limit = limit


class UnsupportedAudio(EngineError):  # noqa: N818 - as UnsupportedModel
    """What was sent is no recording that can be decoded, or not all of one."""


class AudioTooLong(EngineError):  # noqa: N818 - as UnsupportedModel
    """A recording lasts longer than it may; no more of it than that was decoded."""

    def __init__(self, limit: float) -> None:
        super().__init__(
            f"The recording is longer than {limit:g} seconds, which is the most that is "
            "transcribed at once: send it in parts."
        )
        self.limit = limit


class Overloaded(EngineError):  # noqa: N818 - as UnsupportedModel
    """The queue is full; nothing was computed."""

    def __init__(self) -> None:
        super().__init__("The engine's queue is full. Try again in a few seconds.")


class CallerBusy(Overloaded):
    """This caller has as many jobs in flight as it may; nothing was computed."""

    def __init__(self, allowed: int) -> None:
        EngineError.__init__(
            self, f"{allowed} requests of this caller are in the engine, as many as may be."
        )


class NoRoom(EngineError):  # noqa: N818 - as UnsupportedModel
    """A model that is not in memory finds no room there; nothing was computed."""

    def __init__(self) -> None:
        super().__init__(
            "Other models are at work and leave no memory for this one. Try again in a few seconds."
        )


class EngineFailed(EngineError):  # noqa: N818 - as UnsupportedModel
    """The computation broke off. The engine itself goes on."""

    def __init__(self) -> None:
        super().__init__("The engine failed on this request and has recovered. Try again.")


class EngineClosed(EngineError):  # noqa: N818 - as UnsupportedModel
    """The engine is shutting down."""

    def __init__(self) -> None:
        super().__init__("The engine is shutting down.")
