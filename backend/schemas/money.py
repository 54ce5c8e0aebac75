"""Amounts and wallets."""

from backend.schemas.model import Model


class Money(Model):
    """An amount in both forms: `amount` in major units, `amount_minor` in minor units."""

    amount: str
    amount_minor: int
    currency: str


class Limits(Model):
    """The limits of one top-up, in major units of `currency`."""

    minimum: str
    maximum: str
    currency: str


class Wallet(Model):
    """One currency of an organization, with its balance and the limits of one top-up.

    A balance below zero is a debt: refunds or disputes took more than there was.
    """

    balance: Money
    limits: Limits
