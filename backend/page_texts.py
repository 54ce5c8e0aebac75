"""The texts of the pages that people come back to from Stripe: a file for each language.

Stripe's own pages are asked for in the nearest of these languages. What people read in the chat is
the bot's, in bot/locales/; errors of the API and what commands print are in English alone.
"""

import tomllib
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).parent / "locales"
# Language tag -> state -> title and text.
WORDS: Final[dict[str, dict[str, dict[str, str]]]] = {
    file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in LOCALES.glob("*.toml")
}


def nearest(language: str, otherwise: str) -> str:
    """The language that has words: "ru-RU" is read as "ru"."""
    spoken = language.lower().partition("-")[0]
    return spoken if spoken in WORDS else otherwise
