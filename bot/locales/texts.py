"""All languages: parses the locale files beside this one, and finds the nearest to a language tag.

A locale file is named by its language tag (`en.toml`, `pt-br.toml`). A sentence is a text with
`{placeholders}`, or a table of texts by plural category (`{one = ..., other = ...}`) of the fact
`count`.
"""

import tomllib
from collections import ChainMap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from babel import Locale

from bot.locales.translator import Sentence, Translator

LOCALES = Path(__file__).parent
COMPLETE_LANGUAGE = "en"
PLURAL_CATEGORIES = {"zero", "one", "two", "few", "many", "other"}


class Texts:
    """The translators of all languages."""

    def __init__(self, catalogs: Mapping[str, Mapping[str, Sentence]]) -> None:
        """Take the sentences by key, by lower-case language tag; those of English are complete."""
        self._translators = {}
        for tag in catalogs:
            chain = [near for near in (*_nearer(tag), COMPLETE_LANGUAGE) if near in catalogs]
            sentences = ChainMap(*(dict(catalogs[near]) for near in chain))
            self._translators[tag] = Translator(Locale.parse(tag, sep="-"), sentences)

    def translator(self, language: str | None, time_zone: str = "UTC") -> Translator:
        """Return the translator of a language tag: of "pt-br", else "pt", else English.

        `time_zone` is an IANA name.
        """
        nearest = (tag for tag in _nearer((language or "").lower()) if tag in self._translators)
        return self._translators[next(nearest, COMPLETE_LANGUAGE)].in_time_zone(time_zone)

    @property
    def languages(self) -> frozenset[str]:
        """The tags of all languages."""
        return frozenset(self._translators)


def load_texts(folder: Path = LOCALES) -> Texts:
    """Parse all locale files of `folder`."""
    return Texts({file.stem: read_catalog(file) for file in sorted(folder.glob("*.toml"))})


def read_catalog(file: Path) -> dict[str, Sentence]:
    """Parse one locale file; return its sentences by dotted key."""
    return dict(_flatten(tomllib.loads(file.read_text(encoding="utf-8"))))


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Sentence]]:
    for name, value in table.items():
        if isinstance(value, dict) and not value.keys() <= PLURAL_CATEGORIES:
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _nearer(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
