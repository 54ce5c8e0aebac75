"""What the real processes said to one another, judged by others than us.

Stripe's own OpenAPI document judges every request, answer and event; aiogram's models judge every
answer and update of the Bot API.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest

from sandbox.runner.demo import CARD, Chat
from tests.e2e.system import System, running_system, short_folder
from tests.e2e.test_when_things_die import link, post
from tests.sandbox.stripe.contract import MISSING, load_contract, object_problems, request_problems
from tests.sandbox.telegram.contract import methods, validator_of

pytestmark = pytest.mark.slow
Json = dict[str, Any]
folder = pytest.fixture(short_folder)


@pytest.fixture
async def system(folder: Path) -> AsyncIterator[System]:
    async with running_system(folder) as running:
        yield running


async def story(http: aiohttp.ClientSession, system: System) -> None:
    """Everything that the main path can meet."""
    ana, ben = (Chat(http, who, system.printed.append) for who in ("ana", "ben"))
    await ben.write("/start")
    await ben.see("a greeting")
    session, message = await link(ana, "50")
    await post(http, f"/stripe/sessions/{session}/pay", card="4000000000000002")
    await ana.see("the decline", "declined")
    await post(http, f"/stripe/sessions/{session}/pay", card=CARD)
    await ana.see("that it is paid", "New balance.*€50.00")
    await ben.see("the news", "€50.00")
    session, message = await link(ana, "20")
    await post(http, "/stripe/faults", delay=0.1)
    await post(http, f"/stripe/sessions/{session}/pay", card="delayed_success")
    await ana.see("that it is paid", "New balance.*€70.00")
    await ben.write("/history")
    await ben.see("both top-ups", r"\+€20.00.* by Ana, balance €70.00.*\+€50.00")
    await ben.write(f"/export {datetime.now(UTC):%Y-%m}")
    await ben.see("a file that ends with the balance", "-eur.csv.*Closing balance: €70.00")
    _, message = await link(ana, "10")
    body = {"user": "ana", "chat": "private", "message_id": message, "button": "Cancel"}
    await post(http, "/telegram/tap", **body)
    await ana.see("that it is canceled", "New link")
    session, _ = await link(ana, "5")
    await post(http, f"/stripe/sessions/{session}/expire")
    await ana.see("that it expired", "New link")


async def test_every_word_on_the_wire_is_valid_by_somebody_elses_document(system: System) -> None:
    contract = load_contract()
    if contract is None:
        pytest.skip(MISSING)
    secrets = json.loads((system.folder / "secrets.json").read_text())
    async with aiohttp.ClientSession(system.ports.sandbox_url) as http:
        await story(http, system)
        key = {"Authorization": f"Bearer {secrets['STRIPE_SECRET_KEY']}"}
        async with http.get("/v1/events?limit=100", headers=key) as answer:
            events = (await answer.json())["data"]
        async with http.get("/recorded?limit=1000") as answer:
            body = (await answer.json())["calls"]
    calls = [call for call in body if call["path"] != "/v1/events"]  # that one was ours
    assert len(events) >= 12
    problems = [(event["type"], why) for event in events for why in contract.check_object(event)]
    for call in calls:
        if call["path"].startswith("/v1/"):
            form = call["body"] if call["method"] == "POST" else call["query"]
            problems += [
                (call["path"], why)
                for why in request_problems(call["method"], call["path"], form or "")
                + object_problems(call["answer"])
            ]
        else:
            by_aiogram(call)
    assert not problems
    used = {call["path"].rsplit("/", 1)[1] for call in calls}
    assert {
        "getMe",
        "getUpdates",
        "sendMessage",
        "editMessageText",
        "answerCallbackQuery",
        "sendDocument",
    } <= used


def by_aiogram(call: Json) -> None:
    """The answer is what the method returns; the parameters are parameters of the method."""
    name = call["path"].rsplit("/", 1)[1]
    method = getattr(methods, name[0].upper() + name[1:])
    returned: Any = method.__returning__
    validator_of(methods.base.Response[returned]).validate_python(call["answer"])
    sent = dict(parse_qsl(call["body"] or "", strict_parsing=bool(call["body"])))
    assert set(sent) <= set(method.model_fields), name
