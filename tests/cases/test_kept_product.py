"""One product is kept for all prices; whatever the dashboard did to it, prices can be made."""

import asyncio
from typing import Any

import pytest

from backend.database.protocol import SERVICE
from backend.stripe.products import WALLET_PRODUCT, product_id
from tests.backend.conftest import System
from tests.backend.payments.test_charges import saved
from tests.backend.subscriptions.test_subscriptions import WEBHOOK_PATH, begun, pay, request_api

Json = dict[str, Any]
ACTS = ("archive", "delete")


def products(system: System) -> dict[str, Json]:
    """Every product at Stripe, by its id."""
    return {product["id"]: product for _, product in system.store.list("product")}


async def test_all_pages_share_one_product_and_name_whose_wallet_it_is(system: System) -> None:
    first, second = await system.topup(key="1"), await system.topup(key="2")
    assert products(system).keys() == {WALLET_PRODUCT}
    for payment in (first, second):
        page = await system.sandbox("GET", f"/stripe/sessions/{await system.session(payment)}")
        assert [item["description"] for item in page["items"]] == ["Wallet top-up"]
        assert "Acme" in page["told"]["message"]


async def test_a_page_without_a_customer_names_whose_wallet_it_is_as_well(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", lacks=["customer_write"])
    page = await system.sandbox(
        "GET", f"/stripe/sessions/{await system.session(await system.topup())}"
    )
    assert page["told"]["message"] == "You are adding money to the wallet of Acme."


@pytest.mark.slow
async def test_sixteen_at_once_make_one_product(system: System) -> None:
    await asyncio.gather(*(system.topup(key=str(n)) for n in range(16)))
    assert len(products(system)) == 1


@pytest.mark.parametrize("act", ACTS)
async def test_a_product_that_somebody_put_away_serves_the_next_top_up(
    system: System, act: str
) -> None:
    await system.topup(key="1")
    await system.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/{act}")
    again = await system.topup(key="2")
    assert (await system.see(again)).url
    assert products(system)[WALLET_PRODUCT]["active"]
    assert not products(system)[WALLET_PRODUCT].get("deleted")


@pytest.mark.slow
@pytest.mark.parametrize("act", ACTS)
async def test_sixteen_at_once_mend_it_together(system: System, act: str) -> None:
    await system.topup(key="first")
    await system.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/{act}")
    made = await asyncio.gather(*(system.topup(key=str(n)) for n in range(16)))
    assert len(set(made)) == 16


async def test_a_missing_product_does_not_take_the_customer_away(
    system: System, owner: Any
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await system.topup(key="1")
    await system.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/delete")
    await system.topup(key="2")
    without = await owner.fetchval(
        "select count(*) from payments where flow = 'checkout' and stripe_customer_id is null"
    )
    assert without == 0


@pytest.mark.parametrize("act", ACTS)
async def test_the_amount_of_one_that_began_on_a_page_can_be_changed(
    system: System, act: str | None
) -> None:
    made = await begun(system)
    for amount in ("60", "70"):
        changed = await request_api(system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", amount=amount)
        assert changed["money"]["amount"] == f"{amount}.00"
        await system.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/{act}")


async def test_one_of_an_inline_product_of_before_can_be_changed(system: System) -> None:
    made = await begun(system)
    [(_, subscription)] = system.store.list("subscription")
    subscription["items"]["data"][0]["price"]["product"] = "prod_inline"
    archived = {**products(system)[WALLET_PRODUCT], "id": "prod_inline", "active": False}
    system.store.put("product", "prod_inline", archived)
    system.store.put("subscription", subscription["id"], subscription)
    changed = await request_api(system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", amount="60")
    assert changed["money"]["amount"] == "60.00"


@pytest.mark.parametrize("with_card", [True, False])
@pytest.mark.parametrize("act", ACTS)
async def test_a_package_has_a_product_of_its_own_that_is_kept_as_well(
    system: System, act: str, with_card: bool
) -> None:
    terms = {"name": "Basic", "amount": 1000, "currency": "eur", "interval": "month"}
    package = await system.services.database.call("add_package", SERVICE, terms=terms)
    parameters: Json = {"organization_id": str(system.world.acme), "package_id": package["id"]}
    if with_card:
        parameters["payment_method_id"] = await saved(system)
    await request_api(system, "POST", WEBHOOK_PATH, key="1", **parameters)
    id = product_id("Basic")
    assert products(system)[id]["name"] == "Basic"
    await system.sandbox("POST", f"/stripe/products/{id}/{act}")
    second = await request_api(system, "POST", WEBHOOK_PATH, key="2", **parameters)
    assert second["status"] == "active" or second["url"]
    if not with_card:
        await pay(system, second["url"])
    assert len(list(system.store.list("subscription"))) == (2 if with_card else 1)
    assert products(system)[id]["active"]
