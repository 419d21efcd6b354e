"""The purpose of use that a request states: exact, without a default, and within its credential.

The header is `X-Purpose-Of-Use`; its value is one code of HL7 v3-ActReason. What a client wrote
there is never repeated, neither to the client nor in a record.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller, Purpose

HEADER: Final = "X-Purpose-Of-Use"

_CODES: Final[dict[str, Purpose]] = {purpose.value: purpose for purpose in Purpose}


def parse_purpose(header: str | None, caller: Caller) -> Purpose:
    """Return the purpose that the `header`'s value states, or the one that `caller` is bound to.

    Raises `ExchangeError` with PURPOSE_REQUIRED (none is stated, and none is bound),
    UNKNOWN_PURPOSE (not exactly one known code, in upper case), or PURPOSE_NOT_ALLOWED (another
    one than the credential is bound to).
    """
    if header is None:
        if caller.purpose is None:
            raise ExchangeError(
                Code.PURPOSE_REQUIRED,
                f"Say what the answer is for: send the header {HEADER} with a code of HL7 "
                "v3-ActReason, for example TREAT.",
                param=HEADER,
            )
        return caller.purpose
    stated = _CODES.get(header)
    if stated is None:
        raise ExchangeError(
            Code.UNKNOWN_PURPOSE,
            f"The header {HEADER} takes exactly one purpose-of-use code of HL7 v3-ActReason, in "
            "upper case, for example TREAT.",
            param=HEADER,
        )
    if caller.purpose is not None and stated is not caller.purpose:
        raise ExchangeError(
            Code.PURPOSE_NOT_ALLOWED,
            f"This credential is bound to one purpose, and the header {HEADER} states another: "
            "leave the header out, or ask for a credential for that purpose.",
            param=HEADER,
        )
    return stated
