"""The people who can be played in the sandbox, each with a private chat, and their group."""

from dataclasses import dataclass
from typing import Literal

Key = Literal["ana", "ben", "eve", "ira"]


@dataclass(frozen=True)
class Persona:
    """One person. `key` names them in the routes; the id of their private chat is `user_id`.

    `role` is theirs in the organization Acme at first, `language` that of their app.
    """

    key: Key
    name: str
    user_id: int
    role: str
    language: str = "en"  # what their app speaks


PERSONAS = (
    Persona("ana", "Ana", 1001, "owner"),
    Persona("ben", "Ben", 1002, "member"),
    Persona("eve", "Eve", 1003, "stranger"),
    Persona("ira", "Ira", 1004, "stranger", "ru"),
)

GROUP = "Acme team"  # all of them are in it; the bot is once somebody adds it
GROUP_ID = -4001
