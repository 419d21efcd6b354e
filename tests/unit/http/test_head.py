"""What `GET` answers, `HEAD` answers without the body: monitors and load balancers ask so."""

from __future__ import annotations

import pytest

from tests.unit.http.conftest import Serving


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/v1/models", "/v1/models/none"])
async def test_head_says_what_get_says_and_sends_nothing_after_it(
    serving: Serving, path: str
) -> None:
    async with serving() as world, world.client() as client:
        whole, top = await client.get(path), await client.head(path)
        same = ("content-type", "content-length")
        assert top.status_code == whole.status_code
        assert [top.headers[each] for each in same] == [whole.headers[each] for each in same]
        assert top.content == b""
        # A byte after it would be taken for the beginning of the next reply on this connection.
        assert (await client.get("/health/live")).json() == {"status": "live"}


async def test_head_needs_the_key_that_get_needs(serving: Serving) -> None:
    async with serving() as world, world.client(key="wrong") as client:
        assert (await client.head("/v1/models")).status_code == 401


async def test_head_does_not_do_what_only_post_may(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        reply = await client.head("/v1/chat/completions")
        assert reply.status_code == 405
        assert world.exchanges() == []
