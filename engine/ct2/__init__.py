"""The only package that imports ctranslate2: `writing` makes a model, and `running` runs it."""

from __future__ import annotations

from engine.environ import tell_ctranslate2

tell_ctranslate2()

from engine.ct2.running import (
    VERSION,
    EncoderReplicas,
    Replicas,
    SpeechReplicas,
    compute_types,
    cuda_devices,
)
from engine.ct2.writing import SpecialTokens, write_encoder, write_model

__all__ = [
    "VERSION",
    "EncoderReplicas",
    "Replicas",
    "SpecialTokens",
    "SpeechReplicas",
    "compute_types",
    "cuda_devices",
    "write_encoder",
    "write_model",
]
