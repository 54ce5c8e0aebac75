"""What we say to Stripe about saved cards: a part of the gateway.

Nothing here moves money, and doing it again is harmless: each request has a new key, because a
remembered 500 would not be.
"""

from typing import Any

from backend import page_texts
from backend.database.functions.setup_links import SetupLinkRow
from backend.stripe.answers import (
    PageRow,
    checkout_parameters,
    list_all,
    result_of,
)
from backend.stripe.idempotency_keys import new_idempotency_options
from backend.stripe.metadata import LINK_METADATA
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.payment_methods import Customer, PortalSession, StripePaymentMethod
from backend.stripe.parsers.sessions import CheckoutSession


class StripeCards:
    """Pages to add a card, payment methods and customers."""

    _stripe: Any  # the v1 services of a StripeClient
    _public_url: str
    with_installation: Any  # StripeGateway.marked

    async def create_setup_session(self, link: SetupLinkRow) -> CheckoutSession:
        """The page of a link to add a card, which says who will be able to charge it."""
        ours = self.with_installation(**{LINK_METADATA: str(link.link_id)})
        back = f"{self._public_url}/cards/{link.link_id}/return"
        parameters = {
            **checkout_parameters(link, str(link.link_id), ours, back),
            "mode": "setup",
            "customer": link.stripe_customer_id,
            "currency": link.currency,
            "custom_text": {"submit": {"message": saving_notice(link)}},
            "setup_intent_data": {"metadata": ours},
        }
        request = self._stripe.checkout.sessions.create_async(parameters, new_idempotency_options())
        return await result_of(CheckoutSession, request)

    async def get_setup_session(self, session_id: str) -> CheckoutSession:
        """A page to add a card, with its setup intent."""
        parameters = {"expand": ["setup_intent"]}
        request = self._stripe.checkout.sessions.retrieve_async(session_id, parameters)
        return await result_of(CheckoutSession, request)

    async def list_saved_payment_methods(
        self, customer_id: str
    ) -> tuple[str | None, list[StripePaymentMethod]] | None:
        """A customer's default payment method, by its id, and all that they have.

        None of a customer who was deleted at Stripe, for ever, with all that they had.
        """
        customer = await result_of(Customer, self._stripe.customers.retrieve_async(customer_id))
        if customer.deleted:
            return None
        request = self._stripe.customers.payment_methods.list_async(customer_id, {"limit": 100})
        return customer.default_method_id, await list_all(StripePaymentMethod, request)

    async def attach_payment_method(self, method_id: str, customer_id: str) -> StripePaymentMethod:
        """Stripe gives the method to the customer; a test method becomes a new one."""
        parameters = {"customer": customer_id}
        request = self._stripe.payment_methods.attach_async(
            method_id, parameters, new_idempotency_options()
        )
        return await result_of(StripePaymentMethod, request)

    async def always_redisplay(self, method_id: str) -> None:
        """Offer it on Stripe's pages again: docs.stripe.com/payments/existing-customers."""
        parameters = {"allow_redisplay": "always"}
        request = self._stripe.payment_methods.update_async(
            method_id, parameters, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def detach_payment_method(self, method_id: str) -> None:
        """Nobody can charge it for the customer any more. Stripe refuses where it is so already."""
        request = self._stripe.payment_methods.detach_async(
            method_id, {}, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def set_default_payment_method(self, customer_id: str, method_id: str) -> None:
        """What the customer pays with unless somebody says otherwise."""
        parameters = {"invoice_settings": {"default_payment_method": method_id}}
        request = self._stripe.customers.update_async(
            customer_id, parameters, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def create_portal_session(self, customer_id: str, organization_id: str) -> str:
        """Open Stripe's own page of the customer's cards and invoices; its address."""
        back = f"{self._public_url}/cards/{organization_id}/portal"
        parameters = {"customer": customer_id, "return_url": back}
        request = self._stripe.billing_portal.sessions.create_async(
            parameters, new_idempotency_options()
        )
        return (await result_of(PortalSession, request)).url


def saving_notice(link: PageRow) -> str:
    """What whoever adds a card is told under Stripe's button."""
    return submit_notice("saving", link)


def payment_notice(payment: PageRow) -> str:
    """What whoever pays without saving a card is told there: the product names nobody."""
    return submit_notice("paying", payment)


def submit_notice(key: str, row: PageRow) -> str:
    """A sentence that names the organization, in the language of who asked for the page."""
    texts = page_texts.PAGE_TEXTS[page_texts.nearest_language(row.language, otherwise="en")]
    return texts[key]["text"].format(organization=row.organization_name)
