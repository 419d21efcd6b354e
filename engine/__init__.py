"""The engine: int8 language models on CTranslate2. It knows nothing of the gateway.

Public: a `ModelStore` of imported models; over one of them a `Generator`, an `Embedder` or a
`Tagger`; the errors of all, `detect_devices`, and a `SealedCache` for what may be kept of replies.
"""

from __future__ import annotations

from engine.batching import Limits
from engine.cache import SealedCache
from engine.devices import Devices, detect_devices
from engine.embedder import Embedder, PreparedTexts
from engine.errors import (
    BrokenSource,
    EngineClosed,
    EngineError,
    EngineFailed,
    InputTooLong,
    ModelChanged,
    ModelError,
    ModelExists,
    ModelNotFound,
    Overloaded,
    PromptTooLong,
    SelfCheckFailed,
    UnsupportedArchitecture,
    UnsupportedInput,
    UnsupportedModel,
    UnsupportedOption,
    UnsupportedTokenizer,
    WrongTask,
)
from engine.generator import GenerateOptions, Generator, PreparedPrompt
from engine.prompts import ChatMessage, ChatToolCall
from engine.sources import DEFAULT_NAME, DEFAULT_SOURCE, EMBEDDER_NAME, EMBEDDER_SOURCE
from engine.store import InstalledModel, Manifest, ModelStore
from engine.tagger import Tag, Tagger
from engine.worker import Finished, Reason, Text

__all__ = [
    "DEFAULT_NAME",
    "DEFAULT_SOURCE",
    "EMBEDDER_NAME",
    "EMBEDDER_SOURCE",
    "BrokenSource",
    "ChatMessage",
    "ChatToolCall",
    "Devices",
    "Embedder",
    "EngineClosed",
    "EngineError",
    "EngineFailed",
    "Finished",
    "GenerateOptions",
    "Generator",
    "InputTooLong",
    "InstalledModel",
    "Limits",
    "Manifest",
    "ModelChanged",
    "ModelError",
    "ModelExists",
    "ModelNotFound",
    "ModelStore",
    "Overloaded",
    "PreparedPrompt",
    "PreparedTexts",
    "PromptTooLong",
    "Reason",
    "SealedCache",
    "SelfCheckFailed",
    "Tag",
    "Tagger",
    "Text",
    "UnsupportedArchitecture",
    "UnsupportedInput",
    "UnsupportedModel",
    "UnsupportedOption",
    "UnsupportedTokenizer",
    "WrongTask",
    "detect_devices",
]
