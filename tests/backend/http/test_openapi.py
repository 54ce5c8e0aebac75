"""The document says what the routes do: asked whatever it allows, they answer as it says."""

import asyncio
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from limits import RateLimitItemPerMinute
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.http import rate_limits
from backend.http.openapi import document
from backend.http.routes import ROUTES
from tests.backend.conftest import System, token

CONFORMS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
QUICK_AND_THE_SAME_EACH_TIME = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def request_every_route(url: str, ids: dict[str, str], operations: list[Any], times: int) -> None:
    """Each route, so many times, mostly about what there is."""
    for operation in (described.ok() for described in operations):

        @settings(QUICK_AND_THE_SAME_EACH_TIME, max_examples=times)
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def validate_answer(case: Any) -> None:
            parts = (case.path_parameters, case.query, case.body)
            for part in (part for part in parts if isinstance(part, dict)):
                part |= {name: real for name, real in ids.items() if name in part}
            if case.path.startswith("/api/payments/{id}"):
                case.path_parameters["id"] = ids["payment"]
            headers = {"Authorization": f"Bearer {token()}"}
            case.call_and_validate(base_url=url, headers=headers, checks=CONFORMS)

        validate_answer()


@pytest.mark.parametrize("times", [2, pytest.param(12, marks=pytest.mark.slow)])
async def test_whatever_the_document_allows_is_answered_as_it_says(
    system: System, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(rate_limits, "LIMIT_PER_PERSON", RateLimitItemPerMinute(10_000))
    acme = str(system.world.acme)
    ids = {"id": acme, "organization_id": acme, "currency": "eur"}
    ids["payment"] = str(await system.topup())
    async with system.http.get(f"{system.url}/openapi.json") as answer:
        schema = schemathesis.openapi.from_dict(await answer.json())
    operations: list[Any] = list(schema.get_all_operations())
    assert len(operations) == len(ROUTES)
    await asyncio.to_thread(request_every_route, system.url, ids, operations, times)


async def test_the_page_shows_every_route_and_fetches_nothing(system: System) -> None:
    async with system.http.get(f"{system.url}/docs") as answer:
        page = await answer.text()
    for path, operations in document()["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in page
    assert not re.search(r"<script|<link|src=|https?://", page)
    linked, there = (set(re.findall(rf'{kind}"([\w/.]+)"', page)) for kind in ('href="#', 'id="'))
    assert linked <= there


def test_every_route_says_in_a_sentence_what_it_does() -> None:
    operations = [one for operation in document()["paths"].values() for one in operation.values()]
    assert [one for one in operations if not re.fullmatch("[A-Z].{10,98}[.]", one["summary"])] == []
    assert len({one["operationId"] for one in operations}) == len(ROUTES)
