"""Refusals as people read them: the bot's own, and the backend's by their codes."""

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


class BotRefusal(Exception):
    """What the bot itself refuses: the key of a sentence that says so, and its facts."""

    def __init__(self, key: Key, **facts: Fact) -> None:
        """What people may not do, or no longer, or what they wrote and nobody can read."""
        super().__init__(key.name)
        self.key, self.facts = key, facts


def refusal_sentence(refusal: BackendRefusal, translator: Translator) -> str:
    """Return the plain sentence for a refusal's code, with what to do next."""
    unknown = keys.Refusal.OTHER if refusal.status < 500 else keys.Refusal.UNREACHABLE
    key = keys.REFUSALS.get(refusal.code, unknown)
    if refusal.code == "not_found":
        key = keys.NOT_FOUND.get(refusal.facts.get("what", ""), key)
    try:
        return translator.text(key, **refusal_facts(refusal.facts, translator))
    except (KeyError, ValueError, ArithmeticError):
        log.warning("refusal_facts_missing", code=refusal.code, facts=refusal.facts)
        return translator.text(unknown)


def refusal_facts(facts: Mapping[str, str], translator: Translator) -> dict[str, Fact]:
    """Return what the sentence about a refusal names, from the refusal's facts.

    Raises KeyError for a role or a status that there is not, ValueError for a `retry_after` that is
    no number of seconds.
    """
    named = amount_facts(facts)
    for name, value in facts.items():
        match name:
            case "retry_after":
                named["count"] = ceil(float(value))
            case "role":
                named["role"] = translator.text(keys.ROLE_NAMES[value])
            case "status":
                named["status"] = translator.text(keys.PAYMENT_STATUS_NAMES[value])
    return named


def amount_facts(facts: Mapping[str, str]) -> dict[str, Fact]:
    """Return what the sentence about a refused amount names, from the refusal's facts."""
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
    """Return how to type an amount so that it means one: no more decimals than the currency has."""
    step = Decimal(1).scaleb(-CURRENCIES[currency].shown)
    return str(Decimal(reading).quantize(step, ROUND_DOWN))
