"""Requests about saved payment methods, and the customers who have them.

Nothing here moves money. A customer is made once for its organization, and a page once for its row;
each other request has a new idempotency key: a repeat is harmless, while under an old key Stripe
would repeat a 500.
"""

from typing import NamedTuple
from uuid import UUID

from stripe.params import CustomerCreateParams
from stripe.params.checkout import SessionCreateParams

from backend.database.functions.customers import NewCustomerRow
from backend.database.functions.setup_links import SetupLinkRow
from backend.stripe.answers import find_created, list_all, result_of
from backend.stripe.checkout import checkout_parameters, saving_notice
from backend.stripe.connection import StripeConnection
from backend.stripe.idempotency_keys import idempotency_options, new_idempotency_options
from backend.stripe.metadata import LINK_METADATA, ORGANIZATION_METADATA, request_metadata
from backend.stripe.parsers.documented import Identified
from backend.stripe.parsers.payment_methods import (
    Customer,
    PortalSession,
    SetupIntent,
    StripePaymentMethod,
)
from backend.stripe.parsers.sessions import CheckoutSession


class SavedMethods(NamedTuple):
    """A customer's payment methods: the id of the default one, and all of them.

    `email` is the customer's e-mail address.
    """

    default_id: str | None
    methods: list[StripePaymentMethod]
    email: str | None


class StripePaymentMethods(StripeConnection):
    """Requests about customers, their payment methods, and pages to save one."""

    async def create_customer(self, row: NewCustomerRow) -> Identified:
        """Create an organization's customer, by the parameters of its first request."""
        id = row.organization_id
        parameters: CustomerCreateParams = {
            "name": row.name,
            "email": self.customer_email(id),
            "metadata": self.with_installation(request_metadata("customer", id, None)),
        }
        parameters = await self.frozen(id, row.attempt, "customer", id, parameters)
        request = self._stripe.customers.create_async(parameters, idempotency_options(row))
        return await result_of(Identified, request)

    async def get_customer(self, stripe_customer_id: str) -> Customer:
        """Fetch a customer, also a deleted one, of which nothing but its id is left."""
        request = self._stripe.customers.retrieve_async(stripe_customer_id)
        return await result_of(Customer, request)

    async def find_customer(self, row: NewCustomerRow, since: int) -> Identified | None:
        """Find the customer that was created for an organization, by its id in the metadata.

        `since` in seconds since 1970.
        """
        listed = self._stripe.customers.list_async({"created": {"gte": since}, "limit": 100})
        return await find_created(Identified, row.organization_id, ORGANIZATION_METADATA, listed)

    async def create_setup_session(self, link: SetupLinkRow) -> CheckoutSession:
        """Create the page of a setup link, with a notice of who can charge what is saved there."""
        described = request_metadata("setup", link.organization_id, link.key_hash)
        metadata = self.with_installation({LINK_METADATA: str(link.link_id), **described})
        return_url = f"{self.public_url}/cards/{link.link_id}/return"
        parameters: SessionCreateParams = {
            **checkout_parameters(link, str(link.link_id), metadata),
            "mode": "setup",
            "currency": link.currency,
            "custom_text": {"submit": {"message": saving_notice(link)}},
            "setup_intent_data": {"metadata": metadata},
            "success_url": return_url,
            "cancel_url": return_url,
        }
        if link.stripe_customer_id is not None:
            parameters["customer"] = link.stripe_customer_id
        parameters = await self.frozen(
            link.link_id, link.attempt, "setup", link.organization_id, parameters
        )
        request = self._stripe.checkout.sessions.create_async(parameters, idempotency_options(link))
        return await result_of(CheckoutSession, request)

    async def get_setup_session(self, stripe_checkout_session_id: str) -> CheckoutSession:
        """Fetch the page of a setup link with its SetupIntent and that one's latest attempt."""
        request = self._stripe.checkout.sessions.retrieve_async(
            stripe_checkout_session_id, {"expand": ["setup_intent.latest_attempt"]}
        )
        return await result_of(CheckoutSession, request)

    async def get_setup_intent(self, setup_intent_id: str) -> SetupIntent:
        """Fetch a SetupIntent."""
        request = self._stripe.setup_intents.retrieve_async(setup_intent_id)
        return await result_of(SetupIntent, request)

    async def get_payment_method(self, stripe_payment_method_id: str) -> StripePaymentMethod:
        """Fetch a payment method."""
        request = self._stripe.payment_methods.retrieve_async(stripe_payment_method_id)
        return await result_of(StripePaymentMethod, request)

    async def list_saved_payment_methods(self, stripe_customer_id: str) -> SavedMethods | None:
        """List a customer's payment methods.

        None if the customer was deleted at Stripe, which cannot be undone.
        """
        customer = await self.get_customer(stripe_customer_id)
        if customer.deleted:
            return None
        request = self._stripe.customers.payment_methods.list_async(
            stripe_customer_id, {"limit": 100}
        )
        methods = await list_all(StripePaymentMethod, request)
        return SavedMethods(customer.default_method_id, methods, customer.email)

    async def attach_payment_method(
        self, stripe_payment_method_id: str, stripe_customer_id: str
    ) -> StripePaymentMethod:
        """Attach a payment method to a customer; attaching a test method creates a new one."""
        request = self._stripe.payment_methods.attach_async(
            stripe_payment_method_id, {"customer": stripe_customer_id}, new_idempotency_options()
        )
        return await result_of(StripePaymentMethod, request)

    async def set_customer_email(
        self, stripe_customer_id: str, organization_id: UUID, billing_email: str | None
    ) -> None:
        """Give an organization's customer the e-mail address that an owner chose, or ours."""
        request = self._stripe.customers.update_async(
            stripe_customer_id,
            {"email": billing_email or self.customer_email(organization_id)},
            new_idempotency_options(),
        )
        await result_of(Identified, request)

    async def limit_redisplay(self, stripe_payment_method_id: str) -> None:
        """Have our pages at Stripe not show a saved payment method: see `HIDDEN_METHODS`."""
        request = self._stripe.payment_methods.update_async(
            stripe_payment_method_id, {"allow_redisplay": "limited"}, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def set_card_expiry(
        self, stripe_payment_method_id: str, exp_month: int, exp_year: int
    ) -> None:
        """Set when a card expires: https://docs.stripe.com/api/payment_methods/update."""
        request = self._stripe.payment_methods.update_async(
            stripe_payment_method_id,
            {"card": {"exp_month": exp_month, "exp_year": exp_year}},
            new_idempotency_options(),
        )
        await result_of(Identified, request)

    async def detach_payment_method(self, stripe_payment_method_id: str) -> None:
        """Detach a payment method, so that it cannot be charged.

        Raises StripeRefused if it is detached.
        """
        request = self._stripe.payment_methods.detach_async(
            stripe_payment_method_id, {}, new_idempotency_options()
        )
        await result_of(Identified, request)

    async def set_default_payment_method(
        self, stripe_customer_id: str, stripe_payment_method_id: str
    ) -> None:
        """Set the customer's default payment method for invoices."""
        request = self._stripe.customers.update_async(
            stripe_customer_id,
            {"invoice_settings": {"default_payment_method": stripe_payment_method_id}},
            new_idempotency_options(),
        )
        await result_of(Identified, request)

    async def create_portal_session(self, stripe_customer_id: str, organization_id: str) -> str:
        """Create a session of the customer portal, and return its address."""
        return_url = f"{self.public_url}/cards/{organization_id}/portal"
        request = self._stripe.billing_portal.sessions.create_async(
            {"customer": stripe_customer_id, "return_url": return_url}, new_idempotency_options()
        )
        return (await result_of(PortalSession, request)).url
