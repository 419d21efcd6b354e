"""Probes for a supervisor. They say yes or no and name no one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from litestar import Response, get
from litestar.datastructures import State

Checks = Mapping[str, Callable[[], bool]]
"""A name for each part that has to work, and the question to ask it."""


@get("/health/live", sync_to_thread=False)
def live() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "live"}


@get("/health/ready")
async def ready(state: State) -> Response[dict[str, object]]:
    """Say whether the next exchange could be carried out and recorded.

    A warning is for a person to look at; it takes no gateway out of service.
    """
    checks: Checks = state["checks"]
    warnings: Checks = state["warnings"]
    figures: Mapping[str, Callable[[], float | None]] = state["figures"]
    answers = {name: await asyncio.to_thread(_holds, check) for name, check in checks.items()}
    is_ready = all(answers.values())
    ailing = [
        name for name, check in warnings.items() if not await asyncio.to_thread(_holds, check)
    ]
    return Response(
        {
            "status": "ready" if is_ready else "not ready",
            "checks": answers,
            "warnings": ailing,
            **{name: figure() for name, figure in figures.items()},
        },
        status_code=200 if is_ready else 503,
    )


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # noqa: BLE001 - whatever is wrong, the answer is no
        return False
