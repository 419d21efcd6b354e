"""The engine: int8 language models on CTranslate2. It knows nothing of the gateway.

Public: a `ModelStore` of imported models; over one of them a `Generator`, an `Embedder`, a
`Transcriber` or a `Tagger`, and a `Library` that serves several that generate under one memory
budget; the errors of all; `detect_devices`, `make_plan` and `share_out`, which say what runs on
them; a `SealedCache` for what may be kept of the replies; and `profile_model`, which shows where
time goes.
"""

from __future__ import annotations

from engine.batching import Limits, Priority
from engine.cache import SealedCache
from engine.devices import Devices, detect_devices, measure_bandwidth
from engine.embedder import Embedder, PreparedTexts
from engine.errors import (
    AudioTooLong,
    BrokenSource,
    CallerBusy,
    DoesNotFit,
    EngineClosed,
    EngineError,
    EngineFailed,
    InputTooLong,
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
    UnsupportedAudio,
    UnsupportedInput,
    UnsupportedModel,
    UnsupportedOption,
    UnsupportedTokenizer,
    WrongTask,
)
from engine.generator import GenerateOptions, Generator, PreparedPrompt, Preparer
from engine.job import Finished, Reason, Standing, Text
from engine.known import KNOWN, known_model, nearest, parse_parameters
from engine.library import Change, Library, Notice, ServedModel
from engine.manifest import Manifest, Task
from engine.plan import ModelPlan, Plan, Wish, make_plan
from engine.profile import BatchProfile, JobProfile, Phase, Profile, Sums
from engine.profiler import profile_model
from engine.prompts import ChatMessage, ChatToolCall, Prompts
from engine.quality import Quality
from engine.report import BatchReport, Observer
from engine.shares import Shares, share_out
from engine.sources import (
    DEFAULT_NAME,
    DEFAULT_SOURCE,
    EMBEDDER_NAME,
    EMBEDDER_SOURCE,
    Progress,
)
from engine.speed import Speed, measure_speed
from engine.store import InstalledModel, ModelStore
from engine.tagger import Tag, Tagger
from engine.timeline import timeline
from engine.trace import chrome_trace
from engine.transcriber import (
    PreparedRecording,
    Transcribed,
    TranscribeOptions,
    Transcriber,
)
from engine.whisper import Segment, Word
from engine.whisper_source import DEFAULT_TRANSCRIBER

__all__ = [
    "DEFAULT_NAME",
    "DEFAULT_SOURCE",
    "DEFAULT_TRANSCRIBER",
    "EMBEDDER_NAME",
    "EMBEDDER_SOURCE",
    "KNOWN",
    "AudioTooLong",
    "BatchProfile",
    "BatchReport",
    "BrokenSource",
    "CallerBusy",
    "Change",
    "ChatMessage",
    "ChatToolCall",
    "Devices",
    "DoesNotFit",
    "Embedder",
    "EngineClosed",
    "EngineError",
    "EngineFailed",
    "Finished",
    "GenerateOptions",
    "Generator",
    "InputTooLong",
    "InstalledModel",
    "JobProfile",
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
    "Observer",
    "Overloaded",
    "Phase",
    "Plan",
    "PreparedPrompt",
    "PreparedRecording",
    "PreparedTexts",
    "Preparer",
    "Priority",
    "Profile",
    "Progress",
    "PromptTooLong",
    "Prompts",
    "Quality",
    "QualityTooLow",
    "Reason",
    "SealedCache",
    "Segment",
    "SelfCheckFailed",
    "ServedModel",
    "Shares",
    "Speed",
    "Standing",
    "Sums",
    "Tag",
    "Tagger",
    "Task",
    "Text",
    "TranscribeOptions",
    "Transcribed",
    "Transcriber",
    "UnsupportedArchitecture",
    "UnsupportedAudio",
    "UnsupportedInput",
    "UnsupportedModel",
    "UnsupportedOption",
    "UnsupportedTokenizer",
    "Wish",
    "Word",
    "WrongTask",
    "chrome_trace",
    "detect_devices",
    "known_model",
    "make_plan",
    "measure_bandwidth",
    "measure_speed",
    "nearest",
    "parse_parameters",
    "profile_model",
    "share_out",
    "timeline",
]
