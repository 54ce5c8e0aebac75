"""The texts of the pages that people come back to from Stripe: a file for each language.

Stripe's own pages are asked for in the nearest of these languages. What people read in the chat is
the bot's, in bot/locales/; errors of the API and what commands print are in English alone.
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
    """The language that has words: "ru-RU" is read as "ru"."""
    primary = language.lower().partition("-")[0]
    return primary if primary in PAGE_TEXTS else otherwise
