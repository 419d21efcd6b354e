"""Every route of the gateway: what is not in this list, nobody can ask."""

from __future__ import annotations

from typing import Final

from litestar.types import ControllerRouterHandler

from gateway.http import (
    audit,
    exports,
    grants,
    health,
    openai,
    openapi,
    policy,
    presidio,
    redact,
    responses,
    transcription,
    usage,
    vault,
)

ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (
    *openai.ROUTES,
    *responses.ROUTES,
    *presidio.ROUTES,
    *audit.ROUTES,
    *grants.ROUTES,
    *exports.ROUTES,
    *vault.ROUTES,
    *policy.ROUTES,
    usage.usage,
    redact.redact,
    transcription.transcriptions,
    health.live,
    health.ready,
    openapi.openapi_document,
)
