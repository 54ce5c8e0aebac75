"""The people who can be played in the sandbox, each with a private chat, and their group."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """One person. `key` names them in the routes; the id of their private chat is `user_id`.

    `role` is theirs in the organization Acme, `language` that of their app.
    """

    key: str
    name: str
    user_id: int
    role: str
    about: str
    language: str = "en"  # what their app speaks


PERSONAS = (
    Persona("ana", "Ana", 1001, "owner", "Owner of Acme"),
    Persona("ben", "Ben", 1002, "member", "Member of Acme"),
    Persona("eve", "Eve", 1003, "stranger", "A stranger to Acme"),
    Persona("ira", "Ira", 1004, "stranger", "A stranger, whose Telegram is Russian", "ru"),
)

GROUP = "Acme team"  # all of them are in it; the bot is once somebody adds it
GROUP_ID = -4001
