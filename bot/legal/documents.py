"""The texts of /privacy and /terms: files in this folder, or an operator's own instead."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final, Literal

from bot.locales import keys
from bot.locales.texts import COMPLETE_LANGUAGE
from bot.locales.translator import Translator

FOLDER: Final = Path(__file__).parent
FILE_NAME: Final = re.compile(r"(privacy|terms)\.([a-z]{2,3}(?:-[a-z0-9]{2,8})*)\.txt")
PLACEHOLDER: Final = re.compile(r"\{(operator|contact)\}")
# Telegram takes 4,096 UTF-16 units a message: https://core.telegram.org/bots/api#sendmessage. The
# rest is for what is filled in.
PAGE_UNITS: Final = 3500

DocumentName = Literal["privacy", "terms"]
Documents = Mapping[str, Mapping[str, str]]  # name -> language tag -> text


def read_documents(folder: Path) -> Documents:
    """Read the files `privacy.<language>.txt` and `terms.<language>.txt` of a folder.

    Raises ValueError, with a sentence for the operator, where there are none, where a text has
    another name and where one is empty or no UTF-8.
    """
    documents: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.txt")):
        match = FILE_NAME.fullmatch(file.name)
        if match is None:
            raise ValueError(f"has a file {file.name}: names are privacy.en.txt, terms.ru.txt, ...")
        try:
            text = file.read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            raise ValueError(f"has a file {file.name} that is no UTF-8") from None
        if not text:
            raise ValueError(f"has a file {file.name} that is empty")
        documents.setdefault(match[1], {})[match[2]] = text
    if not documents:
        raise ValueError("must be a folder with files such as privacy.en.txt and terms.en.txt")
    return documents


@dataclass(frozen=True)
class LegalTexts:
    """The texts of /privacy and /terms; `operator` and `contact` are None where not set."""

    documents: Documents
    operator: str | None
    contact: str | None

    def pages(self, name: DocumentName, translator: Translator) -> list[str]:
        """Return the messages of a document as Telegram's HTML, in the reader's language if any.

        A line that begins with `# ` is a heading; `{operator}` and `{contact}` are filled in, all
        else stays as it is written.
        """
        facts = {
            "operator": self.operator or translator.text(keys.Legal.NO_OPERATOR),
            "contact": self.contact or translator.text(keys.Legal.NO_CONTACT),
        }
        text = nearest(self.documents[name], translator.language)
        return [
            PLACEHOLDER.sub(
                lambda match: escape(facts[match[1]], quote=False),
                translator.with_named_bot(as_html(page)),
            )
            for page in split_pages(text)
        ]


def load_legal_texts(folder: Path | None, operator: str | None, contact: str | None) -> LegalTexts:
    """Parse the bot's texts, and those of `folder`, which replace them.

    A document that is there in one language replaces the bot's in all languages, so that no two
    languages have different texts. Raises ValueError as `read_documents`.
    """
    own = read_documents(folder) if folder else {}
    return LegalTexts({**read_documents(FOLDER), **own}, operator, contact)


def nearest(texts: Mapping[str, str], language: str) -> str:
    """Return the text in a language ("pt-br", else "pt"), else in English, else in the first."""
    while language and language not in texts:
        language = language.rpartition("-")[0]
    return texts.get(language) or texts.get(COMPLETE_LANGUAGE) or next(iter(texts.values()))


def as_html(text: str) -> str:
    """Return plain text as Telegram's HTML, its headings in bold."""
    lines = (escape(line, quote=False) for line in text.splitlines())
    return "\n".join(f"<b>{line[2:]}</b>" if line.startswith("# ") else line for line in lines)


def split_pages(text: str) -> Iterator[str]:
    """Split a text between paragraphs into pages of at most PAGE_UNITS, or within a longer one."""
    page = ""
    for paragraph in text.split("\n\n"):
        for part in cut(paragraph):
            if page and utf16_units(page) + 2 + utf16_units(part) > PAGE_UNITS:
                yield page
                page = part
            else:
                page = f"{page}\n\n{part}" if page else part
    yield page


def cut(paragraph: str) -> Iterator[str]:
    """Cut a paragraph into parts that fit a page; a character takes two units at most."""
    size = PAGE_UNITS if utf16_units(paragraph) <= PAGE_UNITS else PAGE_UNITS // 2
    for start in range(0, len(paragraph), size):
        yield paragraph[start : start + size]


def utf16_units(text: str) -> int:
    """Return the length as Telegram counts it: https://core.telegram.org/api/entities."""
    return len(text.encode("utf-16-le")) // 2
