"""Names of files that say whose they are, in whichever letters that is written.

The name itself has the letters of the organization's name. Where a header takes only ASCII, there
is a second one (https://www.rfc-editor.org/rfc/rfc6266#appendix-D).
"""

import re
import unicodedata
from urllib.parse import quote
from uuid import UUID

MAX_NAME_LENGTH = 40
MAX_NAME_BYTES = 120  # of the 255 that file systems take
NAMELESS = "wallet"


def statement_file_name(organization_name: str, month: str, currency: str) -> str:
    """Return the name of a month's file: `ромашка-2026-11-eur.csv`."""
    return f"{name_in_a_file(organization_name)}-{month}-{currency}.csv"


def name_in_a_file(name: str) -> str:
    """Convert a name for use in a file name: "Café & Söhne" -> "café-söhne"."""
    letters = "".join(
        char if char.isalnum() or unicodedata.category(char).startswith("M") else " "
        for char in unicodedata.normalize("NFC", name).lower()
    )
    words = "-".join(letters.split())[:MAX_NAME_LENGTH]
    return words.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip("-") or NAMELESS


def ascii_name(name: str) -> str:
    """Convert a name for use where only ASCII is taken: "Café & Söhne" -> "cafe-sohne"."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", letters))[:MAX_NAME_LENGTH].strip("-")


def content_disposition(file_name: str, organization_name: str, organization_id: UUID) -> str:
    """Return the header of a file to download, with its name in two forms (RFC 6266, RFC 8187).

    The one in ASCII has a part of the organization's id where its letters do not say whose it is.
    """
    name = name_in_a_file(organization_name)
    in_ascii = ascii_name(organization_name)
    if in_ascii != name:
        in_ascii = f"{in_ascii or NAMELESS}-{organization_id.hex[:6]}"
    fallback = f"{in_ascii}{file_name.removeprefix(name)}"
    header = f'attachment; filename="{fallback}"'
    if fallback != file_name:
        header += f"; filename*=UTF-8''{quote(file_name, safe='')}"
    return header
