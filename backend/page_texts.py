"""Texts of the pages that people return to from Stripe: a TOML file for each language.

Stripe's pages are requested in the nearest of these languages, and show the texts of ours on them
in it. The chat's texts are the bot's (bot/locales/); the API's errors and the commands' output are
in English only.
"""

import tomllib
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).parent / "locales"
# Language tag -> state -> title and text.
PAGE_TEXTS: Final[dict[str, dict[str, dict[str, str]]]] = {
    file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in LOCALES.glob("*.toml")
}


def nearest_language(language: str, otherwise: str) -> str:
    """Return the language of a tag ("ru-RU" -> "ru") if there are texts in it, or `otherwise`."""
    primary = language.lower().partition("-")[0]
    return primary if primary in PAGE_TEXTS else otherwise
