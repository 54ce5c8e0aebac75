"""Masks secrets in what the sandbox records of calls and events; its pages show no others.

What is left of a secret says whose it was. Texts are masked as they were sent: as a form, JSON or
plain.
"""

import json
import re
from typing import Any

PATTERNS = (
    # Stripe's keys, the signing secrets of webhooks, and client secrets (pi_..._secret_...).
    (re.compile(r"\b((?:sk|rk)_(?:test|live)_|whsec_)\w+"), r"\1***"),
    (re.compile(r"(_secret_)[A-Za-z0-9]+"), r"\1***"),
    # A bot's token: https://core.telegram.org/bots/api#authorizing-your-bot
    (re.compile(r"(?<!\d)(\d{6,12})(:|%3A)[\w-]{30,}"), r"\1\2***"),
    # setWebhook's secret, as a form and as JSON.
    (re.compile(r"(\bsecret_token=)[^&\s]+"), r"\1***"),
    (re.compile(r'(\bsecret_token"\s*:\s*")[^"]+'), r"\1***"),
    # A JSON Web Token, and the password of an address.
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "***"),
    (re.compile(r"(://[^/\s:@\"]*:)[^/\s@\"]+(?=@)"), r"\1***"),
)


def mask(text: str) -> str:
    """Return a text with its secrets masked."""
    for pattern, masked in PATTERNS:
        text = pattern.sub(masked, text)
    return text


def mask_json(value: Any) -> Any:
    """Return a copy of a JSON value with the secrets in its texts masked."""
    return json.loads(mask(json.dumps(value)))
