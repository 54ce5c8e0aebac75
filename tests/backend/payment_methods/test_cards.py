"""Saved cards over HTTP: added on a page or by name, kept true, charged by who may, removed."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.stripe import reconcile
from sandbox.stripe.objects import new
from tests.backend.conftest import ANA, BEN, DECLINE, EVE, SUCCESS, System, token

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
REQUIRES_AUTHENTICATION = "4000002500003155"
# It expires as cards do that pay on the local Stripe's pages, so that it is the same card there.
NEXT_EXPIRY: Json = {"exp_month": 12, "exp_year": datetime.now(UTC).year + 5}
TEST_CARD: Json = {"card_number": SUCCESS, "cvc": "123", **NEXT_EXPIRY}


class Cards:
    """The routes of Acme's cards."""

    def __init__(self, system: System) -> None:
        self.system = system

    async def request_api(
        self, method: str, path: str = "", user: int = ANA, key: str = "", **body: Any
    ) -> Json:
        """A route under /api/payments/methods, with the status of its answer."""
        headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
        headers |= {"Idempotency-Key": key} if key else {}
        url = f"{self.system.url}/api/payments/{path or 'methods'}"
        sent_as: Json = {"params" if method == "GET" else "json": body} if body else {}
        async with self.system.http.request(method, url, headers=headers, **sent_as) as answer:
            answer_body = await answer.json() if answer.status != 204 else {}
            return {"status": answer.status, **answer_body}

    async def add(self, user: int = ANA, **how: Any) -> Json:
        """POST /api/payments/methods."""
        return await self.request_api(
            "POST", user=user, organization_id=str(self.system.world.acme), **how
        )

    async def names(self, user: int = ANA) -> list[str]:
        """What is saved; the default with a star."""
        body = await self.request_api("GET", user=user, organization_id=str(self.system.world.acme))
        return [method["display_name"] + "*" * method["is_default"] for method in body["methods"]]

    async def until(self, *names: str) -> None:
        """Wait for what webhooks bring."""
        async with asyncio.timeout(60):
            while await self.names() != list(names):
                await asyncio.sleep(0.02)

    async def save(self, link: Json, card: str = SUCCESS, **more: Any) -> Json:
        """What the buttons on the link's page do."""
        session = link["url"].rpartition("/")[2]
        return await self.system.sandbox(
            "POST", f"/stripe/sessions/{session}/pay", card=card, **more
        )

    async def link(self, **how: Any) -> Json:
        """A link to add a card."""
        answer = await self.add(link=True, **how)
        assert answer["status"] == 201, answer
        return dict(answer["link"])

    async def page(self, path: str) -> str:
        """A page that a payer comes back to."""
        async with self.system.http.get(self.system.url + path) as answer:
            assert answer.status == 200
            return await answer.text()


@pytest.fixture
def cards(system: System) -> Cards:
    return Cards(system)


@pytest.mark.parametrize("webhooks", [True, False])
async def test_a_card_is_added_on_a_page_and_is_the_default(cards: Cards, webhooks: bool) -> None:
    await cards.system.sandbox("POST", "/stripe/faults", drop=not webhooks)
    link = await cards.link(key="one")
    assert (await cards.link(key="one"))["url"] == link["url"]
    path = f"methods/links/{link['link_id']}"
    assert (await cards.save(link, DECLINE))["decline_code"] == "generic_decline"
    seen = await cards.request_api("POST", f"{path}/check")
    assert (seen["state"], seen["last_decline"]) == ("open", "generic_decline")
    assert (await cards.save(link, REQUIRES_AUTHENTICATION))["next"] == "authenticate"
    back = await cards.save(link, REQUIRES_AUTHENTICATION, authenticate=True)
    if webhooks:
        await cards.until("Visa •••• 3155*")
    else:
        await asyncio.sleep(3)  # between two questions to Stripe
    page = await cards.page(back["redirect_url"].removeprefix(cards.system.url))
    assert "The card is saved" in page
    if not webhooks:  # the page only shows
        await reconcile.reconcile_all(cards.system.services)
    assert await cards.names() == ["Visa •••• 3155*"]
    seen = await cards.request_api("GET", path)
    assert (seen["state"], seen["method"]["added_by"]) == ("added", "Ana")


async def test_the_same_card_twice_is_told_and_kept_once(cards: Cards) -> None:
    first = (await cards.add(**TEST_CARD))["method"]
    again = await cards.add(**TEST_CARD)
    assert (again["status"], again["known"]) == (201, True)
    assert again["method"]["id"] == first["id"]
    link = await cards.link()
    await cards.save(link)
    assert "there already" in await cards.page(f"/cards/{link['link_id']}/return")
    await cards.until("Visa •••• 4242*")
    calls = (await cards.system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    assert len({c["path"] for c in calls if c["path"].endswith("/detach")}) == 2


@pytest.mark.parametrize("field", ["payment_method_id", "stripe_payment_method_id"])
async def test_stripes_id_of_a_card_is_accepted_under_its_own_name_and_the_documents(
    cards: Cards, field: str
) -> None:
    card: Json = {field: "pm_card_visa"}
    added = await cards.add(**card)
    assert (added["status"], added["method"]["last_four"]) == (201, "4242")
    card = {field: "card_1"}
    refused = await cards.add(**card)
    assert (refused["status"], refused["error"]["code"]) == (400, "invalid_request")


async def test_cards_are_labeled_made_default_and_removed_again_and_again(cards: Cards) -> None:
    await cards.add(payment_method_id="pm_card_visa")
    added = await cards.add(payment_method_id="pm_card_amex", set_as_default=True)
    amex = f"methods/{added['method']['id']}"
    await cards.until("American Express •••• 0005*", "Visa •••• 4242")
    seen = await cards.request_api("PUT", amex, label=" Travel ")
    assert (seen["label"], seen["exp_month"], seen["standing"]) == ("Travel", 12, "good")
    for _ in range(2):
        assert (await cards.request_api("DELETE", amex))["status"] == 204
    await cards.until("Visa •••• 4242*")
    assert (await cards.request_api("POST", f"{amex}/set-default"))["status"] == 404
    assert (await cards.request_api("PUT", amex, label="x"))["status"] == 404


async def test_a_customer_deleted_at_stripe_is_forgotten_and_the_next_card_makes_another(
    cards: Cards,
) -> None:
    await cards.add(**TEST_CARD)
    store = cards.system.store
    [(_, gone)] = store.list("customer")
    store.put("customer", gone["id"], {"id": gone["id"], "object": "customer", "deleted": True})
    stripe_event = new("event", type="customer.deleted", data={"object": gone})
    store.put("event", stripe_event["id"], stripe_event)
    for _ in range(2):
        await reconcile.reconcile_all(cards.system.services)
        assert await cards.names() == []
    assert (await cards.add(**TEST_CARD))["status"] == 201
    await cards.until("Visa •••• 4242*")


async def test_only_who_may_pay_adds_and_removes_and_members_see_a_name(cards: Cards) -> None:
    method = (await cards.add(**TEST_CARD))["method"]
    await cards.add(payment_method_id="pm_card_amex")
    assert await cards.names(BEN) == ["Visa •••• 4242*"]
    result = await cards.request_api("GET", user=BEN, organization_id=str(cards.system.world.acme))
    [seen] = result["methods"]
    assert {name for name, value in seen.items() if value is not None} == {
        "id", "organization_id", "display_name", "type", "brand", "last_four", "is_default",
        "standing", "is_active",
    }  # fmt: skip
    for user, status in ((BEN, 403), (EVE, 404)):
        assert (await cards.add(user, **TEST_CARD))["status"] == status
        assert (await cards.add(user, link=True))["status"] == status
        path = f"methods/{method['id']}"
        assert (await cards.request_api("DELETE", path, user))["status"] == status
        assert (await cards.request_api("PUT", path, user, label="x"))["status"] == status
        assert (await cards.request_api("POST", f"{path}/set-default", user))["status"] == status
        organization = str(cards.system.world.acme)
        portal = await cards.request_api("POST", "portal", user, organization_id=organization)
        assert portal["status"] == status
    link = await cards.link()
    assert (await cards.request_api("GET", f"methods/links/{link['link_id']}", BEN))[
        "status"
    ] == 404


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ({}, 400, "exactly one"),
        ({"link": True, "payment_method_id": "pm_card_visa"}, 400, "exactly one"),
        ({"payment_method_id": "pm_nobody"}, 400, "no such payment method"),
        (TEST_CARD | {"card_number": DECLINE}, 402, "Ask the bank why"),
        (TEST_CARD | {"card_number": "4111 1111 1111 1111"}, 400, "Of Stripe's test cards"),
        ({"card_number": SUCCESS}, 400, "exp_month"),
    ],
)
async def test_what_cannot_be_added_is_refused_in_words(
    cards: Cards, how: Json, status: int, words: str
) -> None:
    answer = await cards.add(**how)
    assert answer["status"] == status
    assert words in answer["error"]["message"]
    assert "1111" not in str(answer)
    assert await cards.names() == []


async def test_a_test_card_that_asks_gets_a_page_to_ask_on_and_live_mode_takes_none(
    cards: Cards,
) -> None:
    answer = await cards.add(**TEST_CARD | {"card_number": REQUIRES_AUTHENTICATION})
    assert answer["link"]["state"] == "open"
    cards.system.services.stripe.livemode = True
    answer = await cards.add(**TEST_CARD)
    assert (answer["status"], "link" in answer["error"]["message"]) == (400, True)


async def test_what_is_changed_in_stripes_portal_is_taken_over(cards: Cards) -> None:
    await cards.add(payment_method_id="pm_card_visa")
    amex = (await cards.add(payment_method_id="pm_card_amex"))["method"]
    organization = str(cards.system.world.acme)
    opened = await cards.request_api("POST", "portal", organization_id=organization)
    portal = "/stripe/portal/" + opened["url"].rpartition("/")[2]
    stripe_id = amex["stripe_payment_method_id"]
    await cards.system.sandbox("POST", f"{portal}/default", card=stripe_id)
    await cards.until("American Express •••• 0005*", "Visa •••• 4242")
    await cards.system.sandbox("POST", "/stripe/faults", drop=True)
    await cards.system.sandbox("POST", f"{portal}/remove", card=stripe_id)
    await asyncio.sleep(3)
    assert "taken over" in await cards.page(f"/cards/{organization}/portal")
    assert await cards.names() == ["Visa •••• 4242"]
    await reconcile.reconcile_all(cards.system.services)  # the page changes nothing at Stripe
    assert await cards.names() == ["Visa •••• 4242*"]


async def test_lost_late_and_repeated_events_of_cards_come_out_right(
    cards: Cards, owner: Connection
) -> None:
    await cards.system.sandbox("POST", "/stripe/faults", drop=True)
    link = await cards.link()
    await cards.save(link)
    for _ in range(2):
        await reconcile.reconcile_all(cards.system.services)
    assert await cards.names() == ["Visa •••• 4242*"]
    stripe_calls = len((await cards.system.sandbox("GET", "/recorded?limit=1000"))["calls"])
    await reconcile.reconcile_all(
        cards.system.services
    )  # what was answered since is not asked again
    calls = (await cards.system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    assert {c["path"] for c in calls[stripe_calls:]} == {"/v1/events"}
    assert await owner.fetchval("select count(*) from payments") == 0
    await cards.system.sandbox("POST", "/stripe/faults", drop=False, twice=True, out_of_order=True)
    await cards.request_api("DELETE", f"methods/{(await cards.add(**TEST_CARD))['method']['id']}")
    await cards.until()


async def test_a_card_about_to_expire_is_told_once_to_who_may_pay(
    cards: Cards, owner: Connection
) -> None:
    method = (await cards.add(**TEST_CARD))["method"]
    year, month = await owner.fetchrow(
        "select extract(year from d)::int, extract(month from d)::int"
        " from (select now() at time zone 'UTC' as d) as t"
    ) or (0, 0)
    path = f"/stripe/cards/{method['stripe_payment_method_id']}/reissue"
    await cards.system.sandbox("POST", path, exp_month=month, exp_year=year)
    async with asyncio.timeout(60):
        while not await owner.fetchval(
            "select exp_year = $1 from payment_methods where id = $2", year, UUID(method["id"])
        ):
            await asyncio.sleep(0.02)
    for _ in range(2):
        await reconcile.reconcile_all(cards.system.services)
    rows = await owner.fetch("select facts from notifications where kind = 'method_news'")
    assert [row["facts"] for row in rows] != []
    assert await owner.fetchval(
        "select count(*) from notifications where facts ->> 'happened' = 'expiring'"
    ) == 1  # fmt: skip
