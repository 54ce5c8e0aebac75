"""What one payer types on a page of Stripe's is on no page, receipt or portal of another's."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import ValidationError

from backend.payment_methods.sync import sync_payment_methods
from backend.stripe.checkout import NO_LINK
from backend.stripe.client import stripe_gateway
from tests.backend.conftest import ANA, BEN, SUCCESS, System, chosen
from tests.backend.doctor.test_doctor import DoctorRunner
from tests.backend.payments.test_charges import Json, post

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

ANAS: Json = {"email": "ana@private.example", "name": "Ana Private"}
PATHS = ("payments/checkout", "payments/subscriptions", "payments/methods")


def page_id(answer: Json) -> str:
    """The id of the page that an answer leads to."""
    url = (answer.get("link") or answer.get("checkout") or answer)["url"]
    return str(url).rpartition("/")[2]


async def open_page(system: System, path: str, user: int, amount: str = "20") -> str:
    """Ask for a page of Acme's; return Stripe's id of it."""
    acme: Json = {"organization_id": str(system.world.acme)}
    order: Json = {**acme, "amount": amount, "currency": "eur"}
    bodies = {
        "payments/checkout": order,
        "payments/subscriptions": {**order, "interval": "month"},
        "payments/methods": {**acme, "link": True},
    }
    return page_id(await post(system, path, f"{user} {path} {amount}", user, **bodies[path]))


async def everything_shown(system: System, user: int) -> str:
    """All that the pages, the portal and the receipts of a person's show."""
    shown = []
    for path in PATHS:
        page = await open_page(system, path, user, "30")
        shown.append(str(await system.sandbox("GET", f"/stripe/sessions/{page}")))
    portal = page_id(
        await post(system, "payments/portal", None, user, organization_id=str(system.world.acme))
    )
    shown.append(str(await system.sandbox("GET", f"/stripe/portal/{portal}")))
    shown += [str(invoice) for _, invoice in system.store.list("invoice")]
    return "\n".join(shown)


@pytest.mark.parametrize("path", PATHS)
async def test_what_one_admin_types_no_other_one_sees(
    system: System, owner: Connection, path: str
) -> None:
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    page = await open_page(system, path, ANA)
    pay = f"/stripe/sessions/{page}/pay"
    assert (await system.sandbox("POST", pay, card=SUCCESS, save=True, **ANAS))["status"] == (
        "complete"
    )
    assert ANAS["email"] in str(list(system.store.list("payment_method")))  # Stripe knows it
    shown = await everything_shown(system, BEN)
    assert [text for text in ANAS.values() if text in shown] == []
    [(_, customer)] = system.store.list("customer")
    assert customer["email"] == f"billing+{system.world.acme}@example.com"
    pages = [session for _, session in system.store.list("checkout.session")]
    assert [session["wallet_options"] for session in pages] == [NO_LINK] * len(pages)


async def test_a_customer_that_lost_its_address_gets_it_again(system: System) -> None:
    await open_page(system, "payments/methods", ANA)
    [(_, customer)] = system.store.list("customer")
    system.store.put("customer", customer["id"], customer | {"email": None})
    await sync_payment_methods(system.services, {"organization_id": str(system.world.acme)})
    [(_, seen)] = system.store.list("customer")
    assert seen["email"] == customer["email"]
    # One that the operator gave it in Stripe's dashboard stays.
    system.store.put("customer", customer["id"], customer | {"email": "books@acme.example"})
    await sync_payment_methods(system.services, {"organization_id": str(system.world.acme)})
    [(_, seen)] = system.store.list("customer")
    assert seen["email"] == "books@acme.example"


async def test_a_card_that_was_added_without_a_page_is_on_none(system: System) -> None:
    acme = str(system.world.acme)
    await post(
        system, "payments/methods", "k", ANA, organization_id=acme, payment_method_id="pm_card_visa"
    )
    page = await open_page(system, "payments/checkout", ANA)
    view = await system.sandbox("GET", f"/stripe/sessions/{page}")
    assert (view["saved"], view["saving"]) == ([], True)


async def test_the_operators_address_is_the_customers_with_the_organizations_id() -> None:
    settings = chosen(billing_email="billing@acme.example")
    async with stripe_gateway(
        "sk_test_x", (), "http://127.0.0.1:1", "http://127.0.0.1:1", settings.billing_email
    ) as stripe:
        assert stripe.customer_email(UUID(int=7)) == f"billing+{UUID(int=7)}@acme.example"
    long = f"{'b' * 28}@acme.example"  # with the id, more than 64 before the @
    for wrong in ("billing", "a+b@acme.example", "billing@acme", "two words@acme.example", long):
        with pytest.raises(ValidationError, match="billing_email"):
            chosen(billing_email=wrong)


async def test_doctor_reports_a_portal_in_which_one_stores_what_all_see(
    system: System, database_url: str
) -> None:
    runner = DoctorRunner(system, database_url)
    await system.sandbox("POST", "/stripe/faults", portal_updates=["email", "address"])
    _, findings = await runner.examine()
    assert "one admin can store details (email, address)" in findings["warning", "portal"]
