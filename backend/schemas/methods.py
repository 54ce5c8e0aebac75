"""Payment methods that an organization has saved, and how one is added."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr

from backend.schemas.model import Model
from backend.schemas.names import plain_name
from backend.schemas.payments import Shown

Label = Annotated[str, BeforeValidator(plain_name), Field(max_length=50)]


class PaymentMethod(Model):
    """A card or another saved way to pay; `display_name` is such as "Visa •••• 4242".

    Members see the name of the default one and nothing else. `standing`: `expiring` within a month,
    or `expired`. `added_by` is a person's name, None where it was saved at Stripe.
    """

    id: UUID
    organization_id: UUID
    display_name: str
    type: str
    brand: str | None
    last_four: str | None
    is_default: bool
    stripe_payment_method_id: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    standing: Literal["good", "expiring", "expired"] = "good"
    country: str | None = None
    wallet: str | None = None
    label: str | None = None
    added_by: str | None = None
    is_active: bool = True
    created_at: datetime | None = None


class PaymentMethods(Model):
    """The default first, then the oldest."""

    methods: list[PaymentMethod]


class NewMethod(Shown):
    """POST /api/payments/methods, with exactly one of three.

    `payment_method_id`, as Stripe.js created it (`pm_...`), also accepted as
    `stripe_payment_method_id`; `link: true` for a page of Stripe's to add it on; or, in test mode,
    one of Stripe's published test cards. `shown_in` is the bot's message that shows the link.
    """

    model_config = ConfigDict(populate_by_name=True)

    organization_id: UUID
    # The document names it as it always was; elsewhere in the API `payment_method_id` is our id.
    stripe_payment_method_id: str | None = Field(
        default=None,
        pattern=r"^pm_[A-Za-z0-9_]{1,250}$",
        validation_alias="payment_method_id",
    )
    link: Literal[True] | None = None
    card_number: SecretStr | None = Field(default=None, min_length=12, max_length=30)
    exp_month: int | None = Field(default=None, ge=1, le=12)
    exp_year: int | None = Field(default=None, ge=2000, le=2100)
    cvc: SecretStr | None = Field(default=None, min_length=3, max_length=4)
    set_as_default: bool = False


class MethodLink(Model):
    """A page of Stripe's to add a card on, and what came of it.

    `open` until `expires_at`; then `added`, `known` (the organization has that card already:
    `method`) or `expired`. `last_decline` is Stripe's code of the last failed try on it.
    """

    link_id: UUID
    organization_id: UUID
    organization_name: str
    state: Literal["open", "added", "known", "expired"]
    url: str | None
    expires_at: datetime
    last_decline: str | None
    method: PaymentMethod | None


class AddedMethod(Model):
    """What was added, or the link to add it on. `known`: it was saved before, and was kept."""

    method: PaymentMethod | None = None
    known: bool = False
    link: MethodLink | None = None


class MethodChange(Model):
    """PUT /api/payments/methods/{id}: what is None stays; an empty label removes it."""

    label: Label | None = None
    set_as_default: bool = False


class Portal(Model):
    """Stripe's customer portal: cards and invoices.

    The address is for the caller, and expires soon.
    """

    url: str
