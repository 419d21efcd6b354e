"""The process that converts a Hugging Face checkpoint, and the only import of torch.

`huggingface.py` starts it with a directory that holds links to the checked files of one checkpoint,
in an environment of its own. It computes the source's logits for the self-check, lets CTranslate2's
converter write the int8 model, and connects to nothing.

    python -P -m engine.huggingface_convert DIRECTORY
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine import ct2
from engine.huggingface import CHECKPOINT, CONVERTED, JOB, LOGITS, RESULT, Job, Result


def main(work: Path) -> int:
    """Convert; say in `result.json` how it went, and by the status 0 or 1."""
    sys.addaudithook(_refuse_network)
    try:
        versions = _convert(work)
    except Exception as error:  # noqa: BLE001 - the parent process tells it to the operator
        lines = str(error).strip().splitlines()
        failure = f"{type(error).__name__}: {lines[0] if lines else ''}"
        (work / RESULT).write_bytes(msgspec.json.encode(Result(failure=failure)))
        return 1
    (work / RESULT).write_bytes(msgspec.json.encode(Result(versions=versions)))
    return 0


def _convert(work: Path) -> dict[str, str]:
    import torch
    import transformers

    job = msgspec.json.decode((work / JOB).read_bytes(), type=Job)

    def load(model_class: Any, path: str, options: dict[str, Any]) -> Any:  # noqa: ANN401
        model, report = model_class.from_pretrained(
            path,
            **options | {"dtype": torch.float32},
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
        )
        for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            # transformers only warns: what is missing would be random, what is unknown dropped.
            if names := sorted(map(str, report[kind])):
                raise ValueError(f"{kind.replace('_', ' ')} in the weights, such as {names[0]}")
        logits = model.eval()(input_ids=torch.tensor([job.tokens])).logits
        np.save(work / LOGITS, logits[0].float().numpy())
        return model

    ct2.convert_checkpoint(
        work / CHECKPOINT,
        work / CONVERTED,
        job.shape,
        job.vocabulary,
        job.special,
        job.quantization,
        load,
    )
    return {"torch": str(torch.__version__), "transformers": transformers.__version__}


def _refuse_network(event: str, _: object) -> None:
    """Make any attempt of Python code to look up or reach a host an error."""
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        raise PermissionError("a conversion has no network")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
