"""Models in memory on CTranslate2: what generates, what encodes and what hears."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import ctranslate2
import numpy as np

from engine.decoder import Array
from engine.network import OnStep
from engine.whisper import Alignment, Hypothesis

VERSION: Final[str] = ctranslate2.__version__


def compute_types(device: str, index: int = 0) -> frozenset[str]:
    """Return the compute types that a device supports; none where it cannot be used."""
    try:
        return frozenset(ctranslate2.get_supported_compute_types(device, index))
    except (RuntimeError, ValueError):
        return frozenset()


def cuda_devices() -> tuple[frozenset[str], ...]:
    """Return the compute types of each CUDA device, by index; nothing without a driver."""
    try:
        count = int(ctranslate2.get_cuda_device_count())
    except RuntimeError:
        return ()
    return tuple(compute_types("cuda", index) for index in range(count))


class Replicas:
    """One model in memory and `replicas` threads of CTranslate2 that share its weights."""

    def __init__(  # noqa: PLR0913 - CTranslate2's own options, each meaningful alone
        self,
        directory: Path,
        *,
        replicas: int,
        threads: int,
        compute_type: str = "int8",
        device: str = "cpu",
        device_index: Sequence[int] = (0,),
    ) -> None:
        self._generator: Any = ctranslate2.Generator(
            str(directory),
            device=device,
            device_index=list(device_index),
            compute_type=compute_type,
            # CTranslate2 counts for each device.
            inter_threads=max(1, replicas // len(device_index)),
            intra_threads=threads,
            # As many batches as workers can wait; one of our workers never blocks another.
            max_queued_batches=-1,
        )

    def generate(  # noqa: PLR0913 - CTranslate2's own options, each meaningful alone
        self,
        prompts: list[list[str]],
        *,
        max_length: int,
        end_tokens: list[int],
        temperature: float,
        top_p: float,
        on_step: OnStep,
        beginning: Sequence[str] = (),
        keep: bool = False,
    ) -> None:
        """Run one batch to its end; blocks without the GIL, except in `on_step`.

        `temperature` 0 is greedy. The options hold for all rows. An error in `on_step` ends the
        batch and is raised here. `beginning` and `keep` are as `Network.generate` says.
        """
        greedy = temperature == 0
        self._generator.generate_batch(
            prompts,
            beam_size=1,
            max_length=max_length,
            end_token=end_tokens,
            include_prompt_in_result=False,
            sampling_topk=1 if greedy else 0,
            sampling_topp=1.0 if greedy else top_p,
            sampling_temperature=1.0 if greedy else temperature,
            callback=on_step,
            static_prompt=list(beginning) or None,
            cache_static_prompt=keep,
        )

    def close(self) -> None:
        """Free the memory now: CTranslate2 aborts a process that ends before it has."""
        self._generator = None

    def logits(self, tokens: Sequence[int]) -> Array:
        """Return the logits after each of `tokens`, `[tokens, vocabulary]`."""
        view = self._generator.forward_batch([list(tokens)])
        logits: Array = np.array(view, dtype=np.float32)[0]
        return logits


class EncoderReplicas:
    """One encoder in memory and `replicas` threads of CTranslate2 that share its weights."""

    def __init__(
        self, directory: Path, *, replicas: int, threads: int, compute_type: str = "int8"
    ) -> None:
        self._encoder: Any = ctranslate2.Encoder(
            str(directory),
            device="cpu",
            compute_type=compute_type,
            inter_threads=replicas,
            intra_threads=threads,
            max_queued_batches=-1,
        )

    def states(self, rows: Sequence[Sequence[int]]) -> Array:
        """Return the last hidden states, `[rows, longest, hidden]`; blocks without the GIL.

        What lies past the end of a row is padding, and means nothing.
        """
        output = self._encoder.forward_batch([list(row) for row in rows])
        # A copy, though one costs time: without it the memory is not free for the next batch, which
        # then takes more time than that.
        found: Array = np.array(output.last_hidden_state, dtype=np.float32)
        return found

    def close(self) -> None:
        """Free the memory now, as `Replicas.close`."""
        self._encoder = None


class SpeechReplicas:
    """One Whisper model in memory and `replicas` workers of CTranslate2 that share its weights."""

    def __init__(
        self, directory: Path, *, replicas: int, threads: int, compute_type: str = "int8"
    ) -> None:
        self._whisper: Any = ctranslate2.models.Whisper(
            str(directory),
            device="cpu",
            compute_type=compute_type,
            inter_threads=replicas,
            intra_threads=threads,
            max_queued_batches=-1,
        )

    @property
    def bands(self) -> int:
        """How many mel bands the model hears: 80, or 128 since its third large version."""
        return int(self._whisper.n_mels)

    def encode(self, chunk: Array) -> Any:  # noqa: ANN401 - as _empty_spec
        """Take `[bands, 3000]` and return the encoder's view of it."""
        return self._whisper.encode(ctranslate2.StorageView.from_array(chunk[None]))

    def transcribe(
        self,
        encoded: Any,  # noqa: ANN401 - as _empty_spec
        prompt: list[int],
        *,
        temperature: float,
        beam: int,
        max_length: int,
    ) -> Hypothesis:
        """Return the likeliest text of a beam, or with a temperature of as many draws."""
        options: dict[str, Any] = {"beam_size": beam}
        if temperature:
            options = {
                "beam_size": 1,
                "num_hypotheses": beam,
                "sampling_topk": 0,
                "sampling_temperature": temperature,
            }
        (result,) = self._whisper.generate(
            encoded,
            [prompt],
            max_length=max_length,
            return_scores=True,
            return_no_speech_prob=True,
            **options,
        )
        tokens = list(result.sequences_ids[0])
        # The score is a mean over the tokens; the reference counts the end token with them.
        likely = result.scores[0] * len(tokens) / (len(tokens) + 1)
        return Hypothesis(tokens, float(likely), float(result.no_speech_prob))

    def align(
        self,
        encoded: Any,  # noqa: ANN401 - as _empty_spec
        start: list[int],
        tokens: list[int],
        frames: int,
    ) -> Alignment:
        """Return when each of `tokens` is said, by the heads that the model's config names."""
        (result,) = self._whisper.align(encoded, start, [tokens], frames)
        return Alignment(list(result.alignments), list(result.text_token_probs))

    def languages(self, encoded: Any) -> Sequence[tuple[str, float]]:  # noqa: ANN401 - as _empty_spec
        """Return languages as `<|en|>`, the likeliest first."""
        (ranked,) = self._whisper.detect_language(encoded)
        return list(ranked)

    def close(self) -> None:
        """Free the memory now, as `Replicas.close` does."""
        self._whisper = None
