"""How a request for Presidio's API is refused: which parameter, and what to write instead."""

from __future__ import annotations

from gateway.domain.errors import Code, ExchangeError


def invalid(message: str, param: str | None = None) -> ExchangeError:
    """Return the error for a parameter that cannot be used. `message` quotes no value."""
    return ExchangeError(Code.INVALID_REQUEST, message, param=param)


def unsupported(message: str, param: str) -> ExchangeError:
    """Return the error for a parameter that Presidio would take and this gateway does not."""
    return ExchangeError(Code.UNSUPPORTED_PARAMETER, message, param=param)
