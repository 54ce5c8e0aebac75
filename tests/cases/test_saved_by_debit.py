"""iDEAL and Bancontact leave another method than the page's own: the link settles all the same."""

import pytest

from tests.backend.conftest import System
from tests.backend.payment_methods.test_cards import Cards, cards
from tests.backend.payments.test_charges import charge

__all__ = ["cards"]

DEBIT = "SEPA Debit •••• 3000"


@pytest.mark.parametrize(("method", "webhooks"), [("ideal", True), ("bancontact", False)])
async def test_a_link_settles_with_the_debit_that_the_page_left(
    system: System, cards: Cards, method: str, webhooks: bool
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=not webhooks)
    link = await cards.link(set_as_default=True)
    await cards.save(link, card=method)
    if webhooks:  # else the check that follows would come too soon after this one
        assert "saved" in (await cards.page(f"/cards/{link['link_id']}/return")).lower()
        await cards.until(f"{DEBIT}*")
    seen = await cards.request_api("POST", f"methods/links/{link['link_id']}/check")
    assert (seen["status"], seen["state"], seen["url"]) == (200, "added", None)
    shown = seen["method"]
    assert (shown["type"], shown["display_name"], shown["added_by"]) == ("sepa_debit", DEBIT, "Ana")
    assert await cards.names() == [f"{DEBIT}*"]
    saved = system.store.get("payment_method", shown["stripe_payment_method_id"]) or {}
    assert (saved["type"], saved["sepa_debit"]["last4"]) == ("sepa_debit", "3000")

    twice = await cards.link()
    await cards.save(twice, card=method)
    again = await cards.request_api("POST", f"methods/links/{twice['link_id']}/check")
    assert (again["state"], again["method"]["id"]) == ("known", shown["id"])
    assert await cards.names() == [f"{DEBIT}*"]


async def test_what_was_saved_by_a_debit_is_charged_like_any_other(
    system: System, cards: Cards
) -> None:
    link = await cards.link()
    await cards.save(link, card="ideal")
    await cards.until(f"{DEBIT}*")
    paid = await charge(system)
    assert paid["status"] in ("processing", "succeeded")
