"""The engine: int8 language models on CTranslate2. It knows nothing of the gateway.

Public: a `ModelStore` of imported models, a `Generator` over one of them, a `Library` that serves
several under one memory budget, the errors of all, and `detect_devices`.
"""

from __future__ import annotations

from engine.batching import Limits
from engine.devices import Devices, detect_devices
from engine.errors import (
    BrokenSource,
    EngineClosed,
    EngineError,
    EngineFailed,
    LoadFailed,
    ModelChanged,
    ModelError,
    ModelExists,
    ModelNotFound,
    ModelTooLarge,
    NoRoom,
    Overloaded,
    PromptTooLong,
    SelfCheckFailed,
    UnsupportedArchitecture,
    UnsupportedInput,
    UnsupportedModel,
    UnsupportedOption,
    UnsupportedTokenizer,
)
from engine.generator import GenerateOptions, Generator, PreparedPrompt, Preparer
from engine.library import Change, Library, Notice, ServedModel
from engine.prompts import ChatMessage, ChatToolCall, Prompts
from engine.sources import DEFAULT_NAME, DEFAULT_SOURCE, Progress
from engine.speed import Speed, measure_speed
from engine.store import InstalledModel, Manifest, ModelStore
from engine.worker import Finished, Reason, Text

__all__ = [
    "DEFAULT_NAME",
    "DEFAULT_SOURCE",
    "BrokenSource",
    "Change",
    "ChatMessage",
    "ChatToolCall",
    "Devices",
    "EngineClosed",
    "EngineError",
    "EngineFailed",
    "Finished",
    "GenerateOptions",
    "Generator",
    "InstalledModel",
    "Library",
    "Limits",
    "LoadFailed",
    "Manifest",
    "ModelChanged",
    "ModelError",
    "ModelExists",
    "ModelNotFound",
    "ModelStore",
    "ModelTooLarge",
    "NoRoom",
    "Notice",
    "Overloaded",
    "PreparedPrompt",
    "Preparer",
    "Progress",
    "PromptTooLong",
    "Prompts",
    "Reason",
    "SelfCheckFailed",
    "ServedModel",
    "Speed",
    "Text",
    "UnsupportedArchitecture",
    "UnsupportedInput",
    "UnsupportedModel",
    "UnsupportedOption",
    "UnsupportedTokenizer",
    "detect_devices",
    "measure_speed",
]
