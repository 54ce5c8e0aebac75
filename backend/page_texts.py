"""The few words that the backend itself says to people: those of the page they come back to.

One file a language in `locales/`; everything else that people read is the bot's.
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
