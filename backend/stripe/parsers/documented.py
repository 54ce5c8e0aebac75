"""The base models of Stripe's objects: strict about the fields that we read, blind to others."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.failures import StripeObjectUnreadable


class Documented(BaseModel):
    """An object as Stripe documents it, or a part of one.

    No type is converted into another. Fields that are not named here are ignored: Stripe adds some
    within a release of its API (https://docs.stripe.com/upgrades).
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Identified(Documented):
    """An object of which only the id is read."""

    id: str


class Marked(Identified):
    """An object with its metadata, by which we find what we created."""

    metadata: dict[str, str] | None = None


class Decline(Documented):
    """Why a try to pay, or to save a card, failed: https://docs.stripe.com/api/errors."""

    code: str | None = None
    decline_code: str | None = None

    @property
    def reason(self) -> str | None:
        """The most specific code: https://docs.stripe.com/declines/codes."""
        return self.decline_code or self.code


Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], source: object) -> Model:
    """Parse an object of Stripe's. Raises StripeObjectUnreadable if it is not as documented."""
    try:
        return model.model_validate(source)
    except ValidationError as error:
        failure = StripeObjectUnreadable()
        failure.details = {"stripe_object": model.__name__, "problems": problems_of(error)}
        raise failure from error


def problems_of(error: ValidationError) -> str:
    """Say which fields are not as documented and how, without their values."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['type']}"
        for problem in problems
    )
