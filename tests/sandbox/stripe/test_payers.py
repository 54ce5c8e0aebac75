"""What the local Stripe's pages show of payers, and keep of them, as Stripe's do."""

from pathlib import Path
from typing import Any

from tests.sandbox.stripe.playground import Playground, local_stripe

TYPED: dict[str, Any] = {"email": "ana@private.example", "name": "Ana"}


async def page_of(play: Playground, customer: str, **more: Any) -> str:
    """A page of a customer's, which offers to save the card."""
    options = {"payment_method_save": "enabled", **more}
    session = await play.session(customer=customer, saved_payment_method_options=options)
    return str(session.id)


async def test_a_customer_without_an_address_gets_the_first_payers_and_shows_it(
    tmp_path: Path,
) -> None:
    async with local_stripe(tmp_path) as play:
        customers = play.sdk.v1.customers
        one = (await customers.create_async({"name": "Acme"})).id
        first = await page_of(play, one)
        await play.pay(first, save=True, **TYPED)
        assert (await customers.retrieve_async(one)).email == TYPED["email"]
        view = await play.get(f"sessions/{await page_of(play, one)}")
        assert view["email"] == TYPED["email"]
        assert view["saved"] == [{"last4": "4242", **TYPED}]
        hidden = await page_of(play, one, allow_redisplay_filters=["unspecified"])
        assert (await play.get(f"sessions/{hidden}"))["saved"] == []


async def test_the_address_that_a_customer_has_stays(tmp_path: Path) -> None:
    async with local_stripe(tmp_path) as play:
        customers = play.sdk.v1.customers
        one = (await customers.create_async({"name": "Acme", "email": "books@acme.example"})).id
        page = await page_of(play, one)
        assert (await play.get(f"sessions/{page}"))["email"] == "books@acme.example"
        await play.pay(page, **TYPED)
        assert (await customers.retrieve_async(one)).email == "books@acme.example"
        await customers.update_async(one, {"email": "new@acme.example"})
        assert (await customers.retrieve_async(one)).email == "new@acme.example"
