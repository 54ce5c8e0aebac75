"""Stripe is asked for one thing in one way, and what it knows of another request is no refusal."""

import json
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.stripe import reconcile
from sandbox.stripe.idempotency import KEY
from tests.backend.conftest import System
from tests.backend.payments.test_charges import Json, balance, saved
from tests.backend.payments.test_old_keys import a_day_later, made
from tests.backend.payments.test_refunds import credited
from tests.cases.test_known_keys import Keyed, identity

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

LOST = {"drop": True, "api_timeout": 3}  # no webhook, and no answer to any of the SDK's tries
PATHS = {
    "checkout": "/v1/checkout/sessions",
    "intent": "/v1/payment_intents",
    "charge": "/v1/payment_intents",
    "subscription": "/v1/checkout/sessions",
    "card_subscription": "/v1/subscriptions",
    "link": "/v1/checkout/sessions",
    "refund": "/v1/refunds",
}
# What make test tries; make slow tries the others too.
OFTEN = ("checkout", "charge", "refund")
NAMES = [name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in PATHS]
KINDS = {
    "/v1/checkout/sessions": "checkout.session",
    "/v1/payment_intents": "payment_intent",
    "/v1/subscriptions": "subscription",
    "/v1/refunds": "refund",
}
SENT = "select count(*) from private.stripe_requests where purpose <> 'customer'"


class Requests(Keyed):
    """Those of Keyed, and a recurring top-up that begins with a saved card."""

    card = ""

    def requests(self, amount: str) -> dict[str, tuple[str, Json]]:
        requests = super().requests(amount)
        path, body = requests["subscription"]
        requests["card_subscription"] = (path, {**body, "payment_method_id": self.card})
        return requests


@pytest.fixture
async def requests(system: System) -> Requests:
    """Ana's requests, with a card saved, a payment that can be refunded, and the product made."""
    requests = Requests(system)
    requests.card = await saved(system)
    requests.paid = await credited(system, key="to be refunded")
    return requests


async def change_the_world(system: System, owner: Connection) -> None:
    """The organization has another name, this service another address, Ana another language."""
    await owner.execute("update organizations set name = 'Acme Ltd'")
    await owner.execute("update private.users set language = 'ru'")
    system.services.stripe.public_url = "https://moved.example.com"


async def posts(system: System, path: str) -> list[Json]:
    """Calls to one of Stripe's paths, oldest first."""
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    return [call for call in calls if (call["method"], call["path"]) == ("POST", path)]


@pytest.mark.parametrize("name", NAMES)
async def test_a_repeat_asks_stripe_in_the_same_words_whatever_has_changed(
    requests: Requests, owner: Connection, name: str
) -> None:
    system, path = requests.system, PATHS[name]
    before = made(system, KINDS[path])
    await system.sandbox("POST", "/stripe/faults", **LOST)
    unknown = await requests.post(name, "k", "20")
    assert (unknown["http"], unknown["error"]["code"]) in (
        (503, "stripe_unavailable"), (503, "charge_unclear"),
    )  # fmt: skip
    await change_the_world(system, owner)
    again = await requests.post(name, "k", "20")
    assert again["http"] == 201, again
    assert made(system, KINDS[path]) == before + 1
    bodies = [call["body"] for call in await posts(system, path)]
    assert len({body for body in bodies if "moved.example.com" in body}) == 0


async def last_key(system: System, path: str) -> tuple[str, Json]:
    """The idempotency key of the last call to one of Stripe's paths, and what Stripe remembers."""
    [*_, call] = await posts(system, path)
    key = str(call["headers"]["Idempotency-Key"])
    return key, system.store.get(KEY, key) or {}


async def with_a_key_used_before(requests: Requests, owner: Connection, name: str) -> str:
    """Begin something that Stripe is too busy for, then use its key for another request."""
    await requests.system.sandbox("POST", "/stripe/faults", drop=True, api_429=30)
    assert (await requests.post(name, "k", "20"))["http"] == 503
    await requests.system.sandbox("POST", "/stripe/faults", drop=True, api_429=0)
    query = "select subject_id from private.stripe_requests order by first_sent_at desc limit 1"
    key = f"{await owner.fetchval(query)}:1"
    first = {"request_line": "another", "status": 200, "text": "{}", "created": 4_000_000_000}
    requests.system.store.put(KEY, key, first)
    return key


@pytest.mark.parametrize("name", NAMES)
async def test_that_another_request_had_the_key_begins_no_new_attempt(
    requests: Requests, owner: Connection, name: str
) -> None:
    key = await with_a_key_used_before(requests, owner, name)
    kind, sent = KINDS[PATHS[name]], await owner.fetchval(SENT)
    before = made(requests.system, kind)
    for _ in range(3):
        refused = await requests.post(name, "k", "20")
        assert refused["http"] == 503
        assert refused["error"]["code"] in ("stripe_unavailable", "charge_unclear")
    await reconcile.reconcile_all(requests.system.services)
    keys = {
        call["headers"]["Idempotency-Key"] for call in await posts(requests.system, PATHS[name])
    }
    assert {each for each in keys if each.startswith(key.partition(":")[0])} == {key}
    assert (made(requests.system, kind), await owner.fetchval(SENT)) == (before, sent)
    # Once Stripe has forgotten the other request, it is this one's key again.
    requests.system.store.delete(KEY)
    assert (await requests.post(name, "k", "20"))["http"] == 201
    assert made(requests.system, kind) == before + 1


@pytest.mark.slow
async def test_what_had_the_key_is_found_where_stripe_lists_it(
    requests: Requests, owner: Connection
) -> None:
    for name in ("checkout", "intent", "charge", "subscription", "card_subscription", "link"):
        await requests.system.sandbox("POST", "/stripe/faults", **LOST)
        first = await requests.post(name, name, "20")
        assert first["http"] == 503
        key, answer = await last_key(requests.system, PATHS[name])
        requests.system.store.put(KEY, key, {**answer, "request_line": "another"})
        before = made(requests.system, KINDS[PATHS[name]])
        assert (await requests.post(name, name, "20"))["http"] == 201, name
        assert made(requests.system, KINDS[PATHS[name]]) == before


async def test_a_500_of_a_refund_is_no_refusal_until_its_key_is_forgotten(
    requests: Requests, owner: Connection
) -> None:
    await requests.system.sandbox("POST", "/stripe/faults", drop=True, api_500=1)
    for _ in range(2):  # Stripe repeats it under the key
        assert (await requests.post("refund", "k", "20"))["error"]["code"] == "stripe_unavailable"
    assert made(requests.system, "refund") == 0
    later = "update refunds set requested_at = now() - interval '24 hours'"
    await owner.execute(later)
    assert (await requests.post("refund", "k", "20"))["status"] == "requested"  # it may live still
    assert len(await posts(requests.system, "/v1/refunds")) == 2
    await a_day_later(requests.system, owner)
    assert (await requests.post("refund", "k", "20"))["failure"] == "never_made"
    assert (await requests.post("refund", "k", "20"))["status"] == "succeeded"
    assert (made(requests.system, "refund"), await balance(owner)) == (1, 3000)


async def test_a_page_that_stripe_made_in_spite_of_a_500_is_the_page(
    requests: Requests, owner: Connection
) -> None:
    await requests.system.sandbox("POST", "/stripe/faults", **LOST)
    assert (await requests.post("checkout", "k"))["http"] == 503
    key, answer = await last_key(requests.system, PATHS["checkout"])
    error = json.dumps({"error": {"type": "api_error", "message": "Sorry."}})
    requests.system.store.put(KEY, key, {**answer, "status": 500, "text": error})
    before = made(requests.system, "checkout.session")
    opened = await requests.post("checkout", "k")
    assert (opened["http"], made(requests.system, "checkout.session")) == (201, before)


@pytest.mark.parametrize("name", NAMES)
async def test_metadata_says_whose_money_it_is_how_much_why_and_by_whose_key(
    requests: Requests, owner: Connection, name: str
) -> None:
    began = await requests.post(name, "k", "20")
    assert began["http"] == 201, began
    [*_, call] = await posts(requests.system, PATHS[name])
    made_there = [each for _, each in requests.system.store.list(KINDS[PATHS[name]])]
    id = began["id"] if name == "refund" else next(filter(None, identity(began)))
    [stripe_object] = [each for each in made_there if id in (each["metadata"] or {}).values()]
    metadata = stripe_object["metadata"]
    purpose = {"link": "setup", "card_subscription": "subscription"}.get(name, name)
    assert metadata["pursebot_purpose"] == purpose
    assert metadata["pursebot_organization_id"] == str(requests.system.world.acme)
    assert metadata["pursebot_installation"] == requests.system.services.stripe.installation_id
    if name != "link":
        assert (metadata["pursebot_amount"], metadata["pursebot_currency"]) == ("2000", "eur")
    hash_of = "select private.key_hash(id, 'k') from private.users where telegram_id = 1001"
    assert metadata["pursebot_key_hash"] == await owner.fetchval(hash_of)
    assert call["headers"]["Idempotency-Key"] == f"{id}:1"


async def test_the_id_comes_from_the_key_and_tells_it_to_nobody(
    requests: Requests, owner: Connection
) -> None:
    began = await requests.post("checkout", "k")
    ana = await owner.fetchval("select id from private.users where telegram_id = 1001")
    assert began["payment_id"] == str(
        await owner.fetchval("select private.id_of_key('payment', $1, 'k')", ana)
    )
    other = await requests.post("checkout", "l")
    assert other["payment_id"] != began["payment_id"]
    ben = await owner.fetchval("select id from private.users where telegram_id = 1002")
    kinds = [("payment", ben), ("refund", ana), ("payment", ana)]
    ids = {await owner.fetchval("select private.id_of_key($1, $2, 'k')", *each) for each in kinds}
    assert len(ids) == 3
    assert all(id.version == 8 for id in ids)


async def test_an_erased_organizations_name_is_in_no_request_that_is_kept(
    requests: Requests, owner: Connection
) -> None:
    await requests.post("checkout", "k")
    name = "select count(*) from private.stripe_requests where parameters::text like '%Acme%'"
    assert await owner.fetchval(name) > 0
    await owner.execute(
        "select private.erase_names_of_organizations(array[$1::uuid])", requests.system.world.acme
    )
    assert await owner.fetchval(name) == 0
