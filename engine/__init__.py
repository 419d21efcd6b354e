"""The engine: int8 language models on CTranslate2. It knows nothing of the gateway.

Public: a `ModelStore` of imported models, a `Generator` over one of them, the errors of both,
`detect_devices`, `make_plan`, which says what runs on them, and a `SealedCache` for what may be
kept of the replies.
"""

from __future__ import annotations

from engine.batching import Limits
from engine.cache import SealedCache
from engine.devices import Devices, detect_devices, measure_bandwidth
from engine.errors import (
    BrokenSource,
    DoesNotFit,
    EngineClosed,
    EngineError,
    EngineFailed,
    ModelChanged,
    ModelError,
    ModelExists,
    ModelNotFound,
    NoDevice,
    Overloaded,
    PromptTooLong,
    SelfCheckFailed,
    UnsupportedArchitecture,
    UnsupportedInput,
    UnsupportedModel,
    UnsupportedOption,
    UnsupportedTokenizer,
)
from engine.generator import GenerateOptions, Generator, PreparedPrompt
from engine.known import KNOWN, known_model, nearest, parse_parameters
from engine.plan import ModelPlan, Plan, Wish, make_plan
from engine.prompts import ChatMessage, ChatToolCall
from engine.sources import DEFAULT_NAME, DEFAULT_SOURCE
from engine.store import InstalledModel, Manifest, ModelStore
from engine.worker import Finished, Reason, Text

__all__ = [
    "DEFAULT_NAME",
    "DEFAULT_SOURCE",
    "KNOWN",
    "BrokenSource",
    "ChatMessage",
    "ChatToolCall",
    "Devices",
    "DoesNotFit",
    "EngineClosed",
    "EngineError",
    "EngineFailed",
    "Finished",
    "GenerateOptions",
    "Generator",
    "InstalledModel",
    "Limits",
    "Manifest",
    "ModelChanged",
    "ModelError",
    "ModelExists",
    "ModelNotFound",
    "ModelPlan",
    "ModelStore",
    "NoDevice",
    "Overloaded",
    "Plan",
    "PreparedPrompt",
    "PromptTooLong",
    "Reason",
    "SealedCache",
    "SelfCheckFailed",
    "Text",
    "UnsupportedArchitecture",
    "UnsupportedInput",
    "UnsupportedModel",
    "UnsupportedOption",
    "UnsupportedTokenizer",
    "Wish",
    "detect_devices",
    "known_model",
    "make_plan",
    "measure_bandwidth",
    "nearest",
    "parse_parameters",
]
