"""Entities: the parts of a text that are bold, links, code, ...

https://core.telegram.org/bots/api#messageentity. Offsets and lengths count UTF-16 code units.
"""

import re

from pydantic import BaseModel, ConfigDict

from sandbox.personas import PERSONAS
from sandbox.refusals import Refusal
from sandbox.store import Json

FORMATTING = (
    "bold", "italic", "underline", "strikethrough", "spoiler", "code", "blockquote",
    "expandable_blockquote",
)  # fmt: skip
LINKED = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[\w-]+(?::[0-9]+)?(?:[/?#]\S*)?", re.IGNORECASE)
LINKED_PERSON = re.compile(r"tg://user\?id=(\d+)")


def utf16_length(text: str) -> int:
    """Return the length of a text for Telegram, in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


class Entity(BaseModel):
    """An entity that a bot sends with its text, with the fields of any type."""

    model_config = ConfigDict(extra="ignore")

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    user: Json | None = None


def checked_entities(text: str, entities: list[Entity]) -> list[Json]:
    """Return a bot's own entities as Telegram stores them.

    What Telegram finds by itself (commands, mentions, ...) is left out, as are custom emoji, which
    a bot has to buy. Raises Refusal (400) for one that does not lie in the text.
    """
    stored = [_stored_entity(text, entity) for entity in entities]
    return in_order([entity for entity in stored if entity is not None])


def _stored_entity(text: str, entity: Entity) -> Json | None:
    if entity.offset < 0 or entity.length < 0:
        wrong = "offset" if entity.offset < 0 else "length"
        raise Refusal(400, f"receive an entity with incorrect {wrong} {getattr(entity, wrong)}")
    end = entity.offset + entity.length
    if end > utf16_length(text):
        raise Refusal(
            400,
            f"entity beginning at UTF-16 offset {entity.offset} ends after the end of the text at"
            f" UTF-16 offset {end}",
        )
    place = {"offset": entity.offset, "length": entity.length}
    match entity.type:
        case "text_link":
            return linked(entity.url or "", **place)
        case "text_mention":
            return linked(f"tg://user?id={(entity.user or {}).get('id')}", **place)
        case "pre":
            language = {"language": entity.language} if entity.language else {}
            return {"type": "pre", **place, **language}
        case _ if entity.type in FORMATTING:
            return {"type": entity.type, **place}
    return None


def linked(url: str, *, offset: int, length: int) -> Json | None:
    """Return the entity of a link, or of a mention by id; None for what Telegram links nowhere."""
    place = {"offset": offset, "length": length}
    if person := LINKED_PERSON.fullmatch(url):
        users = [each for each in PERSONAS if each.user_id == int(person[1])]
        mentioned = [
            {"id": each.user_id, "is_bot": False, "first_name": each.name} for each in users
        ]
        return {"type": "text_mention", **place, "user": mentioned[0]} if mentioned else None
    if url.startswith("tg://"):
        return {"type": "text_link", **place, "url": url}
    if not LINKED.fullmatch(url):
        return None
    scheme = "" if "://" in url else "http://"
    path = "" if re.search(r"[^/:]/|[?#]", url.partition("://")[2] or url) else "/"
    return {"type": "text_link", **place, "url": f"{scheme}{url}{path}"}


def in_order(entities: list[Json]) -> list[Json]:
    """Return entities in Telegram's order, the outer ones first; empty ones are left out."""
    shown = [entity for entity in entities if entity["length"]]
    return sorted(shown, key=lambda entity: (entity["offset"], -entity["length"]))
