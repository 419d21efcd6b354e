"""The routes of the audit and of administration, their document, and who may take them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.duties import Duty
from gateway.domain.records import Admin, AdminAct
from gateway.http.openapi import document
from gateway.http.openapi_office import RECORDS, ROWS
from tests.fakes.every_record import every_kind
from tests.fakes.identity import FakeAuthenticator, caller
from tests.unit.http.conftest import Serving, World

DOCUMENT: dict[str, Any] = json.loads(document())
SCHEMAS = DOCUMENT["components"]["schemas"]
PAGE = Path(__file__).parents[3] / "docs" / "api.md"


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    }


async def test_every_route_is_in_the_document_and_the_document_has_no_other(
    serving: Serving,
) -> None:
    async with serving() as world:
        assert world.server is not None
        routes = served(world.server.config.app)
    named = {(method, _nameless(path)) for method, path in operations()}
    # One handler takes the three steps of a grant.
    steps = {("post", f"/admin/grants/{{}}/{step}") for step in ("approve", "refuse", "end")}
    assert named >= steps
    assert named - steps | {("post", "/admin/grants/{}/{}")} | {("get", "/openapi.json")} == routes


def served(app: Any) -> set[tuple[str, str]]:
    while not hasattr(app, "routes"):  # Behind what wraps it.
        app = next(each for each in vars(app).values() if callable(each))
    return {
        (method.lower(), re.sub(r"{(\w+):?\w*}", "{}", route.path_format))
        for route in app.routes
        for method in route.methods
        if method in {"GET", "POST"}
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
async def test_a_route_asks_for_the_duty_that_the_document_names(
    row: Any, serving: Serving
) -> None:
    world = World(
        authenticator=FakeAuthenticator(callers={"good": caller(roles=frozenset({"service"}))})
    )
    async with serving(world), world.client() as client:
        path = re.sub("{.*?}", "1", row.path)
        reply = await client.request(row.method, path, json={} if row.takes else None)
    operation = operations()[row.method, row.path]
    assert (reply.status_code, reply.json()["code"]) == (403, "duty_refused")
    refused = [
        each.target
        for each in world.ledger.records
        if isinstance(each, Admin) and each.act is AdminAct.DUTY_REFUSED
    ]
    assert refused == operation["x-duty"][:1]
    assert all(f"`{duty}`" in operation["description"] for duty in operation["x-duty"])
    assert {Duty(duty) for duty in operation["x-duty"]} == set(row.duties)


def test_an_error_of_these_routes_is_a_problem_and_no_error_of_openais() -> None:
    for row in ROWS:
        for status, reply in operations()[row.method, row.path]["responses"].items():
            assert (int(status) == row.status) or list(reply["content"]) == [
                "application/problem+json"
            ]


@pytest.mark.parametrize("record", list(every_kind()), ids=lambda record: type(record).__name__)
def test_the_schema_of_a_record_knows_every_field_of_its_leaf(record: Any) -> None:
    from gateway.domain.canonical import encode

    assert type(record) in RECORDS
    leaf = json.loads(encode(record))
    schema = SCHEMAS[type(record).__name__]
    assert leaf.keys() - {"kind", "v"} <= schema["properties"].keys()
    assert set(schema["required"]) <= leaf.keys()


def test_the_page_lists_every_route_with_its_duty() -> None:
    table = PAGE.read_text("utf-8").partition("<!-- generated: routes -->")[2]
    rows = [
        tuple(cell.strip() for cell in line.strip("| ").split("|"))
        for line in table.partition("<!-- end -->")[0].strip().splitlines()[2:]
    ]
    assert [row[:2] for row in rows] == [
        (f"`{method.upper()} {path}`", operation["summary"])
        for (method, path), operation in operations().items()
    ]
    for row, operation in zip(rows, operations().values(), strict=True):
        told = row[2] if len(row) > 2 else ""
        assert told == " or ".join(f"`{duty}`" for duty in operation.get("x-duty", ()))


def _nameless(path: str) -> str:
    return re.sub("{.*?}", "{}", path)
