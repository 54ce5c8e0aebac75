"""One product is kept for all prices; whatever the dashboard did to it, prices can be made."""

import asyncio
from typing import Any

import pytest

from backend.database.protocol import SERVICE
from backend.stripe.products import WALLET_PRODUCT, product_id
from tests.backend.conftest import House
from tests.backend.payments.test_charges import saved
from tests.backend.subscriptions.test_subscriptions import DOOR, ask, begun, pay

Json = dict[str, Any]
ACTS = ("archive", "delete")


def products(house: House) -> dict[str, Json]:
    """Every product at Stripe, by its id."""
    return {product["id"]: product for _, product in house.store.list("product")}


async def test_all_pages_share_one_product_and_name_whose_wallet_it_is(house: House) -> None:
    first, second = await house.topup(key="1"), await house.topup(key="2")
    assert products(house).keys() == {WALLET_PRODUCT}
    for payment in (first, second):
        page = await house.sandbox("GET", f"/stripe/sessions/{await house.session(payment)}")
        assert [item["description"] for item in page["items"]] == ["Wallet top-up"]
        assert "Acme" in page["told"]["message"]


async def test_a_page_without_a_customer_names_whose_wallet_it_is_as_well(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", lacks=["customer_write"])
    page = await house.sandbox(
        "GET", f"/stripe/sessions/{await house.session(await house.topup())}"
    )
    assert page["told"]["message"] == "You are adding money to the wallet of Acme."


async def test_sixteen_at_once_make_one_product(house: House) -> None:
    await asyncio.gather(*(house.topup(key=str(n)) for n in range(16)))
    assert len(products(house)) == 1


@pytest.mark.parametrize("act", ACTS)
async def test_a_product_that_somebody_put_away_serves_the_next_top_up(
    house: House, act: str
) -> None:
    await house.topup(key="1")
    await house.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/{act}")
    again = await house.topup(key="2")
    assert (await house.see(again)).url
    assert products(house)[WALLET_PRODUCT]["active"]
    assert not products(house)[WALLET_PRODUCT].get("deleted")


@pytest.mark.parametrize("act", ACTS)
async def test_sixteen_at_once_mend_it_together(house: House, act: str) -> None:
    await house.topup(key="first")
    await house.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/{act}")
    made = await asyncio.gather(*(house.topup(key=str(n)) for n in range(16)))
    assert len(set(made)) == 16


async def test_a_missing_product_does_not_take_the_customer_away(house: House, owner: Any) -> None:
    await saved(house)
    await house.sandbox("POST", "/stripe/faults", drop=True)
    await house.topup(key="1")
    await house.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/delete")
    await house.topup(key="2")
    without = await owner.fetchval(
        "select count(*) from payments where flow = 'checkout' and stripe_customer_id is null"
    )
    assert without == 0


@pytest.mark.parametrize("act", ACTS)
async def test_the_amount_of_one_that_began_on_a_page_can_be_changed(
    house: House, act: str | None
) -> None:
    made = await begun(house)
    for amount in ("60", "70"):
        changed = await ask(house, "PATCH", f"{DOOR}/{made.id}", amount=amount)
        assert changed["money"]["amount"] == f"{amount}.00"
        await house.sandbox("POST", f"/stripe/products/{WALLET_PRODUCT}/{act}")


async def test_one_of_an_inline_product_of_before_can_be_changed(house: House) -> None:
    made = await begun(house)
    [(_, subscription)] = house.store.list("subscription")
    subscription["items"]["data"][0]["price"]["product"] = "prod_inline"
    archived = {**products(house)[WALLET_PRODUCT], "id": "prod_inline", "active": False}
    house.store.put("product", "prod_inline", archived)
    house.store.put("subscription", subscription["id"], subscription)
    changed = await ask(house, "PATCH", f"{DOOR}/{made.id}", amount="60")
    assert changed["money"]["amount"] == "60.00"


@pytest.mark.parametrize("with_card", [True, False])
@pytest.mark.parametrize("act", ACTS)
async def test_a_package_has_a_product_of_its_own_that_is_kept_as_well(
    house: House, act: str, with_card: bool
) -> None:
    terms = {"name": "Basic", "amount": 1000, "currency": "eur", "interval": "month"}
    package = await house.shop.database.call("add_package", SERVICE, terms=terms)
    wanted: Json = {"organization_id": str(house.world.acme), "package_id": package["id"]}
    if with_card:
        wanted["payment_method_id"] = await saved(house)
    await ask(house, "POST", DOOR, key="1", **wanted)
    id = product_id("Basic")
    assert products(house)[id]["name"] == "Basic"
    await house.sandbox("POST", f"/stripe/products/{id}/{act}")
    second = await ask(house, "POST", DOOR, key="2", **wanted)
    assert second["status"] == "active" or second["url"]
    if not with_card:
        await pay(house, second["url"])
    assert len(list(house.store.list("subscription"))) == (2 if with_card else 1)
    assert products(house)[id]["active"]
