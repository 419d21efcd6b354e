"""What the libraries below the engine read from the environment, written there before they do.

Nothing here reads what a person set for us: that is the settings' business. What a person set for a
library stays as it is.
"""

from __future__ import annotations

import os

from engine.processor import has_avx512


def tell_ctranslate2() -> None:
    """Have it use AVX512 where there is some; it reads this once, at its import.

    By itself it chooses AVX2 for its own code (GELU, softmax, layer norms, int8 and back); its
    matrices go through MKL, which chooses for itself. An encoder 384 wide gains a fifth, a
    generator a twentieth. It would refuse to load where one of the parts that it was compiled for
    is missing.
    """
    if has_avx512():
        os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")


def tell_tokenizers() -> None:
    """Have it start no threads; it reads this at every call.

    It would have one on each core for a batch, where ours are counted, and its pool, once there,
    writes to the standard error of a process that forks.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
