"""What a reply's headers say besides its text: the exchange's id, and when a credential ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from gateway.channel import Channel
from gateway.domain.ports import Clock

EXPIRES: Final = "X-Credential-Expires"
SOON_MS: Final = 14 * 86_400_000
"""How long before its end a credential that somebody has to replace is spoken of."""


def headers_of(channel: Channel, clock: Clock) -> dict[str, str]:
    """Return the headers that every reply to an exchange has, also one that is an error."""
    headers = {"X-Request-Id": channel.exchange}
    if channel.expires is not None and channel.expires - clock.now_ms() <= SOON_MS:
        moment = datetime.fromtimestamp(channel.expires // 1000, UTC)
        headers[EXPIRES] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return headers
