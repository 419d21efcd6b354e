"""What comes before a request is bounded: bytes of headers and bodies, and the time for each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import sys
import threading

import pytest

from gateway.domain.errors import Code
from gateway.domain.records import Refusal
from gateway.http import parse, server
from gateway.http.server import PIPELINED
from gateway.http.wire import ChatRequest
from tests.unit.http.conftest import Serving, World, chat, head, request

SHORT = {"header_timeout": 0.4, "body_timeout": 0.4}


def answer(raw: bytes) -> tuple[int, str]:
    """Return status and code of a raw error reply."""
    top, _, body = raw.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(body)["error"]["code"]


async def send(world: World, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send the pieces, and return what came back: one reply, or all until the end."""
    reader, writer = await world.connect()
    reading = asyncio.ensure_future(_read(reader))
    try:
        for piece in pieces:
            if reading.done():
                break
            writer.write(piece)
            await asyncio.sleep(pause)
        return await reading
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(5):
            while data := await reader.read(2**16):
                received += data
                if _whole(received):
                    break
    return received


def _whole(received: bytes) -> bool:
    top, separator, body = received.partition(b"\r\n\r\n")
    for line in top.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return bool(separator) and received.endswith(b"0\r\n\r\n")


def codes(world: World) -> list[Code]:
    return [each.code for each in world.exchanges() if isinstance(each, Refusal)]


@pytest.mark.parametrize(
    "pieces",
    [
        (head("GET /v1/models", "X-Long: " + "a" * 5000),),
        (head("GET /v1/models", *(f"X-{n}: {'a' * 50}" for n in range(100))),),
        (b"GET /v1/models HTTP/1.1\r\nX-Endless: ", *(b"a" * 1000,) * 6),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n",),
    ],
    ids=["one long header", "many headers", "a header without end", "a long target"],
)
async def test_headers_past_the_limit_are_431(serving: Serving, pieces: tuple[bytes, ...]) -> None:
    async with serving(header_limit=4096) as world:
        assert answer(await send(world, *pieces)) == (431, Code.HEADERS_TOO_LARGE)
        assert (await world.post(chat())).status_code == 200


async def test_headers_on_a_kept_connection_are_limited_too(serving: Serving) -> None:
    async with serving(header_limit=4096) as world:
        reader, writer = await world.connect()
        writer.write(head("GET /health/live"))
        await reader.readuntil(b"live")
        writer.write(head("GET /health/live", "X-Long: " + "a" * 5000))
        rest = await reader.read()
        assert answer(rest[rest.index(b"HTTP/1.1") :]) == (431, Code.HEADERS_TOO_LARGE)
        writer.close()


@pytest.mark.parametrize(
    "begun", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nHost:"], ids=["nothing", "a beginning"]
)
async def test_headers_that_do_not_come_are_408(serving: Serving, begun: bytes) -> None:
    async with serving(**SHORT) as world:
        assert answer(await send(world, begun)) == (408, Code.REQUEST_TIMEOUT)
        assert world.exchanges() == []


async def test_a_header_a_moment_does_not_buy_time(serving: Serving) -> None:
    async with serving(**SHORT) as world:
        lines = [b"GET / HTTP/1.1\r\n", *(b"X-Slow: yes\r\n",) * 5]
        assert answer(await send(world, *lines, pause=0.15)) == (408, Code.REQUEST_TIMEOUT)


async def test_a_body_that_does_not_come_is_408_and_recorded(serving: Serving) -> None:
    async with serving(**SHORT) as world:
        whole = request(chat())
        assert answer(await send(world, whole[:-5])) == (408, Code.REQUEST_TIMEOUT)
        assert codes(world) == [Code.REQUEST_TIMEOUT]


async def test_a_body_announced_as_too_large_is_413_before_it_is_sent(serving: Serving) -> None:
    async with serving(body_limit=1000) as world:
        top = head("POST /v1/chat/completions", "Content-Length: 10000000")
        assert answer(await send(world, top)) == (413, Code.BODY_TOO_LARGE)
        assert codes(world) == [Code.BODY_TOO_LARGE]


async def test_a_body_in_chunks_is_413_as_soon_as_it_is_too_large(serving: Serving) -> None:
    async with serving(body_limit=1000) as world:
        top = head("POST /v1/chat/completions", "Transfer-Encoding: chunked")
        chunks = (b"64\r\n" + b"a" * 100 + b"\r\n",) * 11
        assert answer(await send(world, top, *chunks)) == (413, Code.BODY_TOO_LARGE)
        assert codes(world) == [Code.BODY_TOO_LARGE]


async def test_a_body_in_chunks_is_read_like_any_other(serving: Serving) -> None:
    async with serving() as world:
        body = json.dumps(chat()).encode()
        top = head("POST /v1/chat/completions", "Transfer-Encoding: chunked")
        chunks = [b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body))]
        reply = await send(world, top, *chunks, b"0\r\n\r\n")
        assert b"Hello, world." in reply


@pytest.mark.parametrize(
    "begun", [b"0\r\nX-Trailer: ", b"2\r\n{}\r\n1;name="], ids=["a trailer", "a chunk extension"]
)
async def test_what_follows_a_body_is_limited_too(serving: Serving, begun: bytes) -> None:
    async with serving(header_limit=4096, body_timeout=20) as world:
        top = head("POST /v1/chat/completions", "Transfer-Encoding: chunked")
        async with asyncio.timeout(5):
            await send(world, top, begun, *(b"a" * 1000,) * 40, pause=0.001)
        await world.until(world.exchanges)
        assert codes(world) == [Code.CLIENT_DISCONNECTED]
        assert world.server is not None
        await world.until(lambda: world.server and not world.server.server_state.connections)


@pytest.mark.parametrize(
    ("first", "status", "rest"),
    [
        (b"POST /v1/completions HTTP/1.1\r\nHost: g\r\nContent-Length: 900\r\n\r\n", 401, b"{"),
        (b"GET /health/live HTTP/1.1\r\nHost: g\r\n\r\n", 200, b"\r\n"),
    ],
    ids=["a body that nobody reads", "an empty line"],
)
async def test_bytes_after_a_reply_do_not_hold_the_connection(
    serving: Serving, first: bytes, status: int, rest: bytes
) -> None:
    async with serving(**SHORT) as world:
        reader, writer = await world.connect()
        writer.write(first)
        assert (await reader.readline()).split()[1] == b"%d" % status
        await reader.readuntil(b"}")
        async with asyncio.timeout(5):
            writer.write(rest)
            await reader.read()
        writer.close()


async def test_a_body_that_nobody_reads_may_be_followed_by_a_request(serving: Serving) -> None:
    async with serving() as world:
        reader, writer = await world.connect()
        whole = json.dumps(chat()).encode()
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: g\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % len(whole))
        async with asyncio.timeout(5):
            await reader.readuntil(b"missing_credentials")
            writer.write(whole[:9])
            await asyncio.sleep(0)
            writer.write(whole[9:] + request(chat()))
            await reader.readuntil(b"Hello, world.")
        writer.close()


async def test_more_pipelined_requests_than_may_wait_end_their_connection(
    serving: Serving,
) -> None:
    world = World()
    async with serving(world) as world:
        reader, writer = await world.connect()
        writer.write(head("GET /health/live") * 40)
        async with asyncio.timeout(5):
            for _ in range(40):
                await reader.readuntil(b"live")
            writer.write(head("GET /health/live") * 4000)
            rest = b""
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(2**16):
                    rest += data
        assert rest.count(b"HTTP/1.1 200") <= PIPELINED + 1
        writer.close()
        assert (await world.post(chat())).status_code == 200


@pytest.mark.parametrize("count", [10, 3000])
async def test_a_large_body_is_read_beside_the_event_loop(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    threads: list[int] = []
    decode = parse.decode

    def noted(body: bytes, kind: type[ChatRequest]) -> ChatRequest:
        threads.append(threading.get_ident())
        return decode(body, kind)

    monkeypatch.setattr(parse, "decode", noted)
    turns = [{"role": "user", "content": "Hello"}] * count
    async with serving(body_limit=2**20) as world:
        assert (await world.post(chat() | {"messages": turns})).status_code == 200
    assert (threads == [threading.get_ident()]) is (count == 10)


async def test_connections_without_end_leave_files_to_open(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "most_connections", lambda: 3)
    async with serving() as world:
        assert world.server is not None
        connections = world.server.server_state.connections
        held = [await world.connect() for _ in range(3)]
        await world.until(lambda: len(connections) == 3)
        one_more, _ = await world.connect()
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await one_more.read() == b""
        held[0][1].transport.abort()
        await world.until(lambda: len(connections) == 2)
        assert (await world.post(chat())).status_code == 200
        for _, writer in held:
            writer.transport.abort()


@pytest.mark.parametrize(("files", "most"), [(1024, 768), (4, 3), (-1, sys.maxsize)])
def test_a_quarter_of_the_files_is_for_other_things_than_connections(
    monkeypatch: pytest.MonkeyPatch, files: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert server.most_connections() == most


async def test_two_pipelined_requests_are_answered_in_their_order(serving: Serving) -> None:
    world = World()
    world.engine.echo = 1
    async with serving(world) as world:
        reader, writer = await world.connect()
        writer.write(request(chat("the first")) + request(chat("the second")))
        async with asyncio.timeout(5):
            assert b"the first" in await reader.readuntil(b"total_tokens")
            assert b"the second" in await reader.readuntil(b"total_tokens")
        writer.close()
        assert world.kinds() == ["intent", "outcome"] * 2


async def test_garbage_after_a_request_does_not_get_into_its_reply(serving: Serving) -> None:
    world = World()
    world.engine.hang_at = 2
    async with serving(world) as world:
        reader, writer = await world.connect()
        writer.write(request(chat(stream=True)))
        await reader.readuntil(b"Hello")
        writer.write(b"\x00garbage\r\n\r\n")
        rest = await reader.read()
        assert b"HTTP/1.1" not in rest
        await world.until(lambda: len(world.exchanges()) == 2)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nBad Header\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        head("POST /v1/chat/completions", "Content-Length: 1", "Content-Length: 2"),
        head("POST /v1/chat/completions", "Content-Length: 5", "Transfer-Encoding: chunked"),
        head("POST /v1/chat/completions", "Content-Length: -1"),
    ],
    ids=[
        "TLS", "no colon", "CONNECT", "a broken target", "not ASCII", "two lengths",
        "length and chunks", "a negative length",
    ],
)  # fmt: skip
async def test_what_is_not_http_is_400_in_openais_shape(serving: Serving, raw: bytes) -> None:
    async with serving() as world:
        assert answer(await send(world, raw)) == (400, Code.INVALID_REQUEST)
        assert world.exchanges() == []


async def test_an_absolute_target_means_its_path(serving: Serving) -> None:
    async with serving() as world:
        body = json.dumps(chat()).encode()
        top = head("POST http://gateway/v1/chat/completions", f"Content-Length: {len(body)}")
        assert b"200 OK" in await send(world, top + body)


async def test_expect_100_continue_is_answered_before_the_body(serving: Serving) -> None:
    async with serving() as world:
        body = json.dumps(chat()).encode()
        reader, writer = await world.connect()
        writer.write(
            head(
                "POST /v1/chat/completions", f"Content-Length: {len(body)}", "Expect: 100-continue"
            )
        )
        async with asyncio.timeout(5):
            assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
            writer.write(body)
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        writer.close()
