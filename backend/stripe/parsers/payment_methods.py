"""Payment methods, customers, and SetupIntents.

Their events say only whose payment methods are to be synced: their current state is the same
however often, late or in which order the events come.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from backend.schemas import Json
from backend.stripe.metadata import (
    INSTALLATION_METADATA,
    LINK_METADATA,
    ORGANIZATION_METADATA,
    metadata_id,
)
from backend.stripe.parsers.documented import Decline, Documented, Identified, Marked
from backend.stripe.parsers.facts import MethodFact


class CardWallet(Documented):
    """The wallet of a phone that a card is in."""

    type: str | None = None


class MethodDetails(Documented):
    """The details of a payment method; each type has some of them."""

    brand: str | None = None
    bank_name: str | None = None
    last4: str | None = None
    wallet: CardWallet | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    country: str | None = None
    fingerprint: str | None = None


class StripePaymentMethod(Identified):
    """A payment method; `created` in seconds since 1970.

    `details` is the object under the name of its type.
    https://docs.stripe.com/api/payment_methods/object
    """

    type: str
    created: int
    customer: str | None = None
    allow_redisplay: str | None = None
    details: MethodDetails

    @model_validator(mode="before")
    @classmethod
    def name_details(cls, source: Any) -> Any:
        """Rename the object under the name of the type to `details`."""
        if isinstance(source, dict) and isinstance(source.get("type"), str):
            return {**source, "details": source.get(source["type"]) or {}}
        return source

    def as_json(self) -> Json:
        """Return the JSON that `api.sync_payment_methods` takes: no number, name or address."""
        details = self.details
        return {
            "stripe_payment_method_id": self.id,
            "type": self.type,
            "brand": details.brand or details.bank_name,
            "last_four": details.last4,
            "wallet": details.wallet.type if details.wallet else None,
            "created": self.created,
            "exp_month": details.exp_month,
            "exp_year": details.exp_year,
            "country": details.country,
            "fingerprint": details.fingerprint,
        }


class SetupAttemptDetails(Documented):
    """What a try to save a method left: iDEAL, Bancontact and Sofort leave another one."""

    generated_sepa_debit: str | None = None


class InvoiceSettings(Documented):
    """The default payment method of a customer."""

    default_payment_method: str | None = None


class Customer(Marked):
    """A customer, also a deleted one: https://docs.stripe.com/api/customers/object."""

    deleted: bool = False
    email: str | None = None
    invoice_settings: InvoiceSettings | None = None

    @property
    def default_method_id(self) -> str | None:
        """The id of the default payment method."""
        return self.invoice_settings.default_payment_method if self.invoice_settings else None


class SetupAttempt(Identified):
    """A try of a SetupIntent. `details` is the object under the name of the method's type.

    https://docs.stripe.com/api/setup_attempts/object
    """

    details: SetupAttemptDetails = SetupAttemptDetails()

    @model_validator(mode="before")
    @classmethod
    def name_details(cls, source: Any) -> Any:
        """Take the object under the name of the type out of `payment_method_details`."""
        if isinstance(source, dict) and isinstance(source.get("payment_method_details"), dict):
            methods = source["payment_method_details"]
            return {**source, "details": methods.get(methods.get("type")) or {}}
        return source


class SetupIntent(Marked):
    """A SetupIntent: https://docs.stripe.com/api/setup_intents/object."""

    customer: str | None = None
    payment_method: str | None = None
    latest_attempt: SetupAttempt | str | None = None
    last_setup_error: Decline | None = None

    @property
    def saved_method_id(self) -> str | None:
        """The id of what was saved: the page's own method, or the debit that it left.

        iDEAL and Bancontact pay once: the bank account is saved as another method, a SEPA debit.
        https://docs.stripe.com/payments/ideal/set-up-payment
        """
        attempt = self.latest_attempt
        generated = (
            attempt.details.generated_sepa_debit if isinstance(attempt, SetupAttempt) else None
        )
        return generated or self.payment_method

    @property
    def decline(self) -> str | None:
        """Stripe's code of why the last try failed, if one did."""
        return self.last_setup_error.reason if self.last_setup_error else None


class PortalDetails(Documented):
    """Which details of the customer whoever opens the portal may change, and so see."""

    enabled: bool = False
    allowed_updates: list[str] = Field(default=[])


class PortalFeatures(Documented):
    """What the customer portal offers."""

    customer_update: PortalDetails = PortalDetails()


class PortalSettings(Identified):
    """The settings of the customer portal.

    https://docs.stripe.com/api/customer_portal/configurations/object
    """

    features: PortalFeatures = PortalFeatures()

    @property
    def shared_details(self) -> list[str]:
        """The details of a customer that whoever opens the portal may change."""
        details = self.features.customer_update
        return details.allowed_updates if details.enabled else []


class PortalSession(Documented):
    """A session of the customer portal.

    https://docs.stripe.com/api/customer_portal/sessions/object
    """

    url: str


def parse_payment_method(method: StripePaymentMethod) -> MethodFact:
    """Make the fact that a payment method changed; a detached one has no customer."""
    return MethodFact(
        about="method",
        outcome="changed",
        stripe_customer_id=method.customer,
        stripe_payment_method_id=method.id,
    )


def parse_customer(
    customer: Customer, outcome: Literal["changed", "created"] = "changed"
) -> MethodFact:
    """Make the fact that a customer was made or changed, perhaps its default payment method."""
    return MethodFact(
        about="method",
        outcome=outcome,
        stripe_customer_id=customer.id,
        installation=metadata_id(customer.metadata, INSTALLATION_METADATA),
        organization_id=metadata_id(customer.metadata, ORGANIZATION_METADATA),
    )


def parse_deleted_customer(customer: Customer) -> MethodFact:
    """Make the fact that a customer was deleted, with all that it had."""
    return MethodFact(about="method", outcome="changed", stripe_customer_id=customer.id)


def parse_setup_intent(intent: SetupIntent) -> MethodFact:
    """Make the fact that a payment method was saved, or could not be."""
    return link_fact(intent.metadata, intent.customer)


def link_fact(metadata: Mapping[str, str] | None, stripe_customer_id: str | None) -> MethodFact:
    """Make the fact that something happened on the page of a setup link of ours."""
    return MethodFact(
        about="method",
        outcome="changed",
        stripe_customer_id=stripe_customer_id,
        installation=metadata_id(metadata, INSTALLATION_METADATA),
        link_id=metadata_id(metadata, LINK_METADATA),
    )
