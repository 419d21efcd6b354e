"""The engine: int8 language models on CTranslate2. It knows nothing of the gateway.

Public: a `ModelStore` of imported models, a `Generator` over one of them, the errors of both,
`detect_devices` and `make_plan`, which says what runs on them, a `SealedCache` for what may be
kept of the replies, and `profile_model`, which shows where time goes.
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
from engine.job import Finished, Reason, Standing, Text
from engine.plan import ModelPlan, Plan, Wish, make_plan
from engine.profile import BatchProfile, JobProfile, Phase, Profile, Sums
from engine.profiler import profile_model
from engine.prompts import ChatMessage, ChatToolCall
from engine.report import BatchReport, Observer
from engine.sources import DEFAULT_NAME, DEFAULT_SOURCE
from engine.store import InstalledModel, Manifest, ModelStore
from engine.timeline import timeline
from engine.trace import chrome_trace

__all__ = [
    "DEFAULT_NAME",
    "DEFAULT_SOURCE",
    "BatchProfile",
    "BatchReport",
    "BrokenSource",
    "CallerBusy",
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
    "JobProfile",
    "Limits",
    "Manifest",
    "ModelChanged",
    "ModelError",
    "ModelExists",
    "ModelNotFound",
    "ModelPlan",
    "ModelStore",
    "NoDevice",
    "Observer",
    "Overloaded",
    "Phase",
    "Plan",
    "PreparedPrompt",
    "Priority",
    "Profile",
    "PromptTooLong",
    "Reason",
    "SealedCache",
    "SelfCheckFailed",
    "Standing",
    "Sums",
    "Text",
    "UnsupportedArchitecture",
    "UnsupportedInput",
    "UnsupportedModel",
    "UnsupportedOption",
    "UnsupportedTokenizer",
    "Wish",
    "chrome_trace",
    "detect_devices",
    "make_plan",
    "measure_bandwidth",
    "profile_model",
    "timeline",
]
