"""Sentences for refusals: those of the bot itself, and those of the backend by code."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from math import ceil
from typing import Final

import structlog

from backend.schemas import CURRENCIES
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Fact, Price, Translator

log = structlog.get_logger("bot")

PRICE_FACTS: Final = ("minimum", "maximum", "step", "most")
IN_MINUTES: Final = 120  # seconds: as long as that is said in minutes


class BotRefusal(Exception):
    """A refusal by the bot itself: the key of its sentence, and the facts in it."""

    def __init__(self, key: Key, **facts: Fact) -> None:
        """Take the key of the sentence, and its facts by placeholder."""
        super().__init__(key.name)
        self.key, self.facts = key, facts


def refusal_sentence(refusal: BackendRefusal, translator: Translator) -> str:
    """Return the sentence for a refusal of the backend; a general one for an unknown code."""
    unknown = keys.Refusal.OTHER if refusal.status < 500 else keys.Refusal.UNREACHABLE
    key = keys.REFUSALS.get(refusal.code, unknown)
    if refusal.code == "not_found":
        key = keys.NOT_FOUND.get(refusal.facts.get("what", ""), key)
    elif refusal.code == "stripe_refused":
        key = stripe_refusal_key(refusal)
    elif refusal.code == "too_many_requests" and wait_seconds(refusal.facts) >= IN_MINUTES:
        key = keys.Refusal.WAIT_MINUTES
    elif refusal.code == "role_too_low" and refusal.facts.get("role") == "owner":
        key = keys.Refusal.OWNER_REQUIRED  # no role is higher
    try:
        return translator.text(key, **refusal_facts(refusal.facts, translator))
    except (KeyError, ValueError, ArithmeticError):
        log.warning("refusal_facts_missing", code=refusal.code, facts=refusal.facts)
        return translator.text(unknown)


def wait_seconds(facts: Mapping[str, str]) -> int:
    """Return how long to wait, in seconds; 0 where the refusal does not say it."""
    try:
        return ceil(float(facts["retry_after"]))
    except (KeyError, ValueError, OverflowError):
        return 0


def is_operators(refusal: BackendRefusal) -> bool:
    """Return whether Stripe refused because of what only the operator can change: key, settings."""
    return refusal.facts.get("resolved_by") == "operator"


def stripe_refusal_key(refusal: BackendRefusal) -> Key:
    """Return the sentence for a no of Stripe's: who can change it, or whether it may pass."""
    if is_operators(refusal):
        return keys.Refusal.STRIPE_NOT_SET_UP
    return keys.Refusal.STRIPE_FAILED if refusal.status >= 500 else keys.Refusal.STRIPE_REFUSED


def refusal_facts(facts: Mapping[str, str], translator: Translator) -> dict[str, Fact]:
    """Return the facts for the sentence of a refusal, from the refusal's own facts.

    Raises KeyError for an unknown role or status, ValueError for a `retry_after` that is no number
    of seconds.
    """
    named = amount_facts(facts)
    for name, value in facts.items():
        match name:
            case "at_least":  # in Stripe's words
                named["at_least"] = value
            case "retry_after":
                seconds = ceil(float(value))
                named["count"] = ceil(seconds / 60) if seconds >= IN_MINUTES else seconds
            case "role":
                named["role"] = translator.text(keys.ROLE_NAMES[value])
            case "status":
                named["status"] = translator.text(keys.PAYMENT_STATUS_NAMES[value])
    return named


def amount_facts(facts: Mapping[str, str]) -> dict[str, Fact]:
    """Return the facts about amounts and currencies for the sentence of a refusal.

    `readings` are the two amounts that a typed one could mean: `less` and `more`, and how to type
    each.
    """
    named: dict[str, Fact] = {}
    currency = facts.get("currency", "")
    for name, value in facts.items():
        if name in PRICE_FACTS and currency:
            named[name] = Price(value, currency)
        elif name in ("currency", "currencies"):
            named[name] = value.upper()
        elif name == "readings":
            less, more = value.split()
            named["less"], named["more"] = Price(less, currency), Price(more, currency)
            named["less_typed"] = typed_form(less, currency)
            named["more_typed"] = typed_form(more, currency)
    return named


def typed_form(reading: str, currency: str) -> str:
    """Return an amount as it is typed unambiguously: with its currency's decimals, no more."""
    step = Decimal(1).scaleb(-CURRENCIES[currency].shown)
    return str(Decimal(reading).quantize(step, ROUND_DOWN))
