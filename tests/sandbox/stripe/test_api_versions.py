"""What other endpoints and other installations get: older versions, thin events, other ids."""

import asyncio
from typing import Any

from sandbox.stripe.objects import API_VERSION
from tests.sandbox.stripe.playground import KEY, Json, Playground

ACACIA = "2025-02-24.acacia"
OURS = {"payment_id": "0d3e9dc6-2f3c-4b8e-9a3e-6c1f3a1b2c3d", "purpose": "top-up"}


def about(play: Playground, type: str) -> Json:
    """What the newest event of a type is about."""
    events = [event for event in play.stored("event") if event["type"] == type]
    thing: Json = events[-1]["data"]["object"]
    return thing


async def renewed(play: Playground) -> Json:
    """A subscription's second invoice, as the API has it."""
    v1 = play.sdk.v1
    who = (await v1.customers.create_async({"name": "Acme"})).id
    card = (await v1.payment_methods.attach_async("pm_card_visa", {"customer": who})).id
    product = (await v1.products.create_async({"name": "Acme"})).id
    price = {"currency": "eur", "unit_amount": 2000, "recurring": {"interval": "month"}}
    parameters: Any = {
        "customer": who, "default_payment_method": card, "payment_behavior": "allow_incomplete",
        "items": [{"price_data": price | {"product": product}}], "metadata": OURS,
    }  # fmt: skip
    await v1.subscriptions.create_async(parameters)
    await play.post("faults", api_version=ACACIA, tax_percent=20)
    await play.post("clock", days=31)
    return (await v1.invoices.retrieve_async(play.stored("invoice")[-1]["id"])).to_dict()


async def test_events_are_of_the_version_of_the_sdk(play: Playground) -> None:
    await play.session()
    await play.pay((await play.session()).id)
    versions = {event["api_version"] for event in play.stored("event")}
    assert versions == {API_VERSION}


async def test_an_older_invoice_has_its_subscription_and_intent_at_its_top(
    play: Playground,
) -> None:
    now = await renewed(play)
    older = about(play, "invoice.paid")
    assert {event["api_version"] for event in play.stored("event")[-3:]} == {ACACIA}
    details = now["parent"]["subscription_details"]
    assert (older["subscription"], older["paid"]) == (details["subscription"], True)
    assert older["subscription_details"] == {"metadata": OURS}
    assert older["payment_intent"] == play.stored("payment_intent")[-1]["id"]
    assert (older["total"], older["tax"]) == (2400, 400)
    assert not {"parent", "total_taxes", "confirmation_secret"} & older.keys()
    assert about(play, "payment_intent.succeeded")["invoice"] == now["id"]
    subscription = about(play, "customer.subscription.updated")
    assert subscription["current_period_end"] > subscription["current_period_start"]
    assert "current_period_end" not in subscription["items"]["data"][0]


async def test_a_much_older_intent_carries_its_charges(play: Playground) -> None:
    await play.post("faults", api_version="2022-08-01")
    await play.pay((await play.session()).id)
    intent = about(play, "payment_intent.succeeded")
    assert [charge["amount"] for charge in intent["charges"]["data"]] == [5000]
    assert "latest_charge" not in intent
    assert about(play, "charge.succeeded")["refunds"]["data"] == []


async def test_the_endpoint_says_its_version(play: Playground) -> None:
    v1, v2 = play.sdk.v1, play.sdk.v2
    ours = API_VERSION
    for set_to, seen in ((None, ours), (ACACIA, ACACIA)):
        await play.post("faults", api_version=set_to)
        [endpoint] = (await v1.webhook_endpoints.list_async()).data
        [destination] = (await v2.core.event_destinations.list_async()).data
        assert endpoint.api_version == destination.snapshot_api_version == seen
        assert destination.event_payload == "snapshot"
        assert destination.webhook_endpoint is not None
        assert destination.webhook_endpoint.url is None
    await play.post("faults", thin=True)
    assert (await v1.webhook_endpoints.list_async()).data == []
    listed = await v2.core.event_destinations.list_async({"include": ["webhook_endpoint.url"]})
    [destination] = listed.data
    assert (destination.event_payload, destination.snapshot_api_version) == ("thin", None)
    assert destination.webhook_endpoint is not None
    assert destination.webhook_endpoint.url == f"{play.url}/webhook"


async def test_a_thin_event_says_what_it_is_about_and_no_more(play: Playground) -> None:
    await play.post("faults", thin=True)
    await play.pay((await play.session()).id)
    types = await play.backend.got(4)
    assert "v1.payment_intent.succeeded" in types
    for event in play.backend.events:
        thing = event["related_object"]
        assert (event["object"], "data" in event) == ("v2.core.event", False)
        address = f"{play.url}{thing['url']}"  # answers with what it is about
        async with play.http.get(address, headers={"Authorization": f"Bearer {KEY}"}) as answer:
            assert (await answer.json())["object"] == thing["type"]


async def test_another_installations_events_are_as_ours_with_other_ids(play: Playground) -> None:
    await play.post("neighbour", 409)
    await play.session(metadata=OURS)
    theirs = await play.post("neighbour")
    paid = about(play, "payment_intent.succeeded")
    assert (paid["id"], paid["metadata"].keys()) == (theirs["payment_intent"], OURS.keys())
    assert paid["metadata"]["payment_id"] != OURS["payment_id"]
    assert paid["metadata"]["purpose"] == OURS["purpose"]
    await asyncio.wait_for(play.backend.got(3), 10)
