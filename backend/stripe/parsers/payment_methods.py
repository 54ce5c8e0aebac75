"""Payment methods, the customers who have them, and what saves them.

An event says no more than whose methods to ask Stripe about: how they stand now is the same however
often, late or in which order the events come.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import model_validator

from backend.schemas import Json
from backend.stripe.metadata import INSTALLATION_METADATA, LINK_METADATA, metadata_id
from backend.stripe.parsers.documented import Decline, Documented, Identified, Marked
from backend.stripe.parsers.facts import MethodFact


class CardWallet(Documented):
    """The wallet of a phone that a card is in."""

    type: str | None = None


class MethodDetails(Documented):
    """What is known of a method by its type; each type has some of it."""

    brand: str | None = None
    bank_name: str | None = None
    last4: str | None = None
    wallet: CardWallet | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    country: str | None = None
    fingerprint: str | None = None


class StripePaymentMethod(Identified):
    """https://docs.stripe.com/api/payment_methods/object.

    `details` is what stands there under the name of its type. `created` in seconds since 1970.
    """

    type: str
    created: int
    customer: str | None = None
    allow_redisplay: str | None = None
    details: MethodDetails

    @model_validator(mode="before")
    @classmethod
    def name_details(cls, source: Any) -> Any:
        """Give what stands under the name of its type a name that all types have."""
        if isinstance(source, dict) and isinstance(source.get("type"), str):
            return {**source, "details": source.get(source["type"]) or {}}
        return source

    def as_mirrored(self) -> Json:
        """As `api.sync_payment_methods` takes it: no number, no name, no address."""
        about = self.details
        return {
            "stripe_payment_method_id": self.id,
            "type": self.type,
            "brand": about.brand or about.bank_name,
            "last_four": about.last4,
            "wallet": about.wallet.type if about.wallet else None,
            "created": self.created,
            "exp_month": about.exp_month,
            "exp_year": about.exp_year,
            "country": about.country,
            "fingerprint": about.fingerprint,
        }


class InvoiceSettings(Documented):
    """What a customer pays with unless somebody says otherwise."""

    default_payment_method: str | None = None


class Customer(Identified):
    """https://docs.stripe.com/api/customers/object, also of one that was deleted."""

    deleted: bool = False
    invoice_settings: InvoiceSettings | None = None

    @property
    def default_method_id(self) -> str | None:
        """The id of their default payment method."""
        return self.invoice_settings.default_payment_method if self.invoice_settings else None


class SetupIntent(Marked):
    """https://docs.stripe.com/api/setup_intents/object."""

    customer: str | None = None
    payment_method: str | None = None
    last_setup_error: Decline | None = None

    @property
    def decline(self) -> str | None:
        """Why the last try failed, if one did."""
        return self.last_setup_error.reason if self.last_setup_error else None


class PortalSession(Documented):
    """https://docs.stripe.com/api/customer_portal/sessions/object."""

    url: str


def parse_payment_method(method: StripePaymentMethod) -> MethodFact:
    """Say that a payment method changed; one that was detached has no customer any more."""
    return MethodFact(
        about="method", outcome="changed", customer_id=method.customer, method_id=method.id
    )


def parse_customer(customer: Customer) -> MethodFact:
    """Say that a customer changed: perhaps what they pay with by default."""
    return MethodFact(about="method", outcome="changed", customer_id=customer.id)


def parse_setup_intent(intent: SetupIntent) -> MethodFact:
    """Say that a card was saved, or could not be."""
    return link_fact(intent.metadata, intent.customer)


def link_fact(metadata: Mapping[str, str] | None, customer_id: str | None) -> MethodFact:
    """Say that something happened on a page to add a card: the metadata has our link's id."""
    return MethodFact(
        about="method",
        outcome="changed",
        customer_id=customer_id,
        installation=metadata_id(metadata, INSTALLATION_METADATA),
        link_id=metadata_id(metadata, LINK_METADATA),
    )
