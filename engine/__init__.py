"""The engine: int8 language models on CTranslate2. It knows nothing of the gateway.

Public: a `ModelStore` of imported models, a `Generator` over one of them, a `Library` that serves
several under one memory budget, the errors of all, `detect_devices`, `make_plan` and `share_out`,
which say what runs on them, and a `SealedCache` for what may be kept of the replies.
"""

from __future__ import annotations

from engine.batching import Limits, Priority
from engine.cache import SealedCache
from engine.devices import Devices, detect_devices, measure_bandwidth
from engine.errors import (
    BrokenSource,
    CallerBusy,
    DoesNotFit,
    EngineClosed,
    EngineError,
    EngineFailed,
    LoadFailed,
    ModelChanged,
    ModelError,
    ModelExists,
    ModelNotFound,
    NoDevice,
    NoRoom,
    Overloaded,
    PromptTooLong,
    QualityTooLow,
    SelfCheckFailed,
    UnsupportedArchitecture,
    UnsupportedInput,
    UnsupportedModel,
    UnsupportedOption,
    UnsupportedTokenizer,
)
from engine.generator import GenerateOptions, Generator, PreparedPrompt, Preparer
from engine.job import Finished, Reason, Standing, Text
from engine.known import KNOWN, known_model, nearest, parse_parameters
from engine.library import Change, Library, Notice, ServedModel
from engine.plan import ModelPlan, Plan, Wish, make_plan
from engine.prompts import ChatMessage, ChatToolCall, Prompts
from engine.quality import Quality
from engine.report import BatchReport
from engine.shares import Shares, share_out
from engine.sources import DEFAULT_NAME, DEFAULT_SOURCE, Progress
from engine.speed import Speed, measure_speed
from engine.store import InstalledModel, Manifest, ModelStore

__all__ = [
    "DEFAULT_NAME",
    "DEFAULT_SOURCE",
    "KNOWN",
    "BatchReport",
    "BrokenSource",
    "CallerBusy",
    "Change",
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
    "Library",
    "Limits",
    "LoadFailed",
    "Manifest",
    "ModelChanged",
    "ModelError",
    "ModelExists",
    "ModelNotFound",
    "ModelPlan",
    "ModelStore",
    "NoDevice",
    "NoRoom",
    "Notice",
    "Overloaded",
    "Plan",
    "PreparedPrompt",
    "Preparer",
    "Priority",
    "Progress",
    "PromptTooLong",
    "Prompts",
    "Quality",
    "QualityTooLow",
    "Reason",
    "SealedCache",
    "SelfCheckFailed",
    "ServedModel",
    "Shares",
    "Speed",
    "Standing",
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
    "measure_speed",
    "nearest",
    "parse_parameters",
    "share_out",
]
