"""Requests about payment methods and customers: a part of the gateway.

Nothing here moves money, and a repeat is harmless. Each request has a new idempotency key, because
under an old one Stripe would repeat a 500.
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
    """Requests for pages to save a payment method, about payment methods and customers."""

    _stripe: Any  # the v1 services of a StripeClient
    _public_url: str
    with_installation: Any  # StripeGateway.with_installation

    async def create_setup_session(self, link: SetupLinkRow) -> CheckoutSession:
        """Create the page of a setup link, with a notice of who can charge what is saved there."""
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
        """Fetch the page of a setup link with its SetupIntent."""
        parameters = {"expand": ["setup_intent"]}
        request = self._stripe.checkout.sessions.retrieve_async(session_id, parameters)
        return await result_of(CheckoutSession, request)

    async def list_saved_payment_methods(
        self, customer_id: str
    ) -> tuple[str | None, list[StripePaymentMethod]] | None:
        """List a customer's payment methods: the id of the default one, and all of them.

        None if the customer was deleted at Stripe, which cannot be undone.
        """
        customer = await result_of(Customer, self._stripe.customers.retrieve_async(customer_id))
        if customer.deleted:
            return None
        request = self._stripe.customers.payment_methods.list_async(customer_id, {"limit": 100})
        return customer.default_method_id, await list_all(StripePaymentMethod, request)

    async def attach_payment_method(self, method_id: str, customer_id: str) -> StripePaymentMethod:
        """Attach a payment method to a customer; attaching a test method creates a new one."""
        parameters = {"customer": customer_id}
        request = self._stripe.payment_methods.attach_async(
            method_id, parameters, new_idempotency_options()
        )
        return await result_of(StripePaymentMethod, request)

    async def always_redisplay(self, method_id: str) -> None:
        """Have Stripe's pages offer a saved payment method again.

        https://docs.stripe.com/payments/existing-customers
        """
        parameters = {"allow_redisplay": "always"}
        request = self._stripe.payment_methods.update_async(
            method_id, parameters, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def detach_payment_method(self, method_id: str) -> None:
        """Detach a payment method, so that it cannot be charged.

        Raises StripeRefused if it is detached.
        """
        request = self._stripe.payment_methods.detach_async(
            method_id, {}, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def set_default_payment_method(self, customer_id: str, method_id: str) -> None:
        """Set the customer's default payment method for invoices."""
        parameters = {"invoice_settings": {"default_payment_method": method_id}}
        request = self._stripe.customers.update_async(
            customer_id, parameters, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def create_portal_session(self, customer_id: str, organization_id: str) -> str:
        """Create a session of the customer portal, and return its address."""
        back = f"{self._public_url}/cards/{organization_id}/portal"
        parameters = {"customer": customer_id, "return_url": back}
        request = self._stripe.billing_portal.sessions.create_async(
            parameters, new_idempotency_options()
        )
        return (await result_of(PortalSession, request)).url


def saving_notice(link: PageRow) -> str:
    """Return the notice under Stripe's button where a card is or can be saved."""
    return submit_notice("saving", link)


def payment_notice(payment: PageRow) -> str:
    """Return the notice under Stripe's button where no card can be saved."""
    return submit_notice("paying", payment)


def submit_notice(key: str, row: PageRow) -> str:
    """Return a notice that names the organization, in the language of who requested the page."""
    texts = page_texts.PAGE_TEXTS[page_texts.nearest_language(row.language, otherwise="en")]
    return texts[key]["text"].format(organization=row.organization_name)
