"""The e-mail address of an organization's customer at Stripe."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, WithJsonSchema

from backend.schemas.model import Model

MAX_EMAIL_LENGTH: Final = 254  # https://www.rfc-editor.org/errata/eid1690
ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
TOP_LABEL: Final = r"[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
EMAIL_PATTERN: Final = rf"^{ATOM}(\.{ATOM})*@({LABEL}\.)+{TOP_LABEL}$"


def require_plain_email(text: str) -> str:
    """Return the address; raise ValueError for what is not one plain ASCII address."""
    if len(text) > MAX_EMAIL_LENGTH or not re.fullmatch(EMAIL_PATTERN, text):
        raise ValueError("one e-mail address, such as books@acme.example, and nothing else")
    return text


# As the constraint in SQL has it; without a name beside it and without line breaks.
EmailAddress = Annotated[
    str,
    AfterValidator(require_plain_email),
    WithJsonSchema({"type": "string", "maxLength": MAX_EMAIL_LENGTH, "pattern": EMAIL_PATTERN}),
]


class Billing(Model):
    """GET /api/organizations/{id}/billing, for owners and admins.

    `email` is where Stripe writes to the organization, and what its pages show to whoever pays;
    None where no owner chose one: then it is an address of the operator's.
    """

    email: str | None


class BillingRequest(Model):
    """PATCH /api/organizations/{id}/billing: the new address, or None to go without one."""

    email: EmailAddress | None
