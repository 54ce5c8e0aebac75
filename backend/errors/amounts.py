"""Refusals of an amount."""

from backend.errors.kinds import Refusal

# How a fact that lists several is written in a sentence.
LISTS = {"readings": " or ", "currencies": ", "}


class AmountRefused(Refusal, status=422):
    """The amount cannot be taken."""

    def __init__(self, message: str | None = None, **facts: str) -> None:
        """Take the facts: lists in them have spaces between, and are written out in the message."""
        written = {
            name: LISTS[name].join(fact.split()) if name in LISTS else fact
            for name, fact in facts.items()
        }
        super().__init__(message or self.message.format(**written), **facts)


class AmountUnreadable(AmountRefused):
    """Not a plain decimal number."""

    message = 'Write the amount as a plain number, for example "50" or "12.50".'


class AmountAmbiguous(AmountRefused):
    """One text, two amounts: three digits after one separator. `readings`, the smaller first."""

    message = (
        "This could mean either of two amounts in {currency}: {readings}. Write thousands without"
        " a separator, and no more decimals than the currency has."
    )


class AmountTooSmall(AmountRefused):
    """Below Stripe's smallest charge."""

    message = "The smallest amount is {minimum} {currency}."


class AmountTooLarge(AmountRefused):
    """Above Stripe's largest charge."""

    message = "The largest amount is {maximum} {currency}."


class AmountTooPrecise(AmountRefused):
    """Between two amounts that Stripe charges in this currency."""

    message = "An amount in {currency} goes in steps of {step}."


class CurrencyUnknown(AmountRefused):
    """Not a currency that we take."""

    message = "This currency is not taken here. Taken are {currencies}."
