"""The people who can be played in the sandbox, each with a private chat with the bot."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """One person: `key` is how the doors call them; a private chat's id is the user's id.

    `role` is what they are in the organization Acme; `language_code` is their Telegram client's.
    """

    key: str
    name: str
    user_id: int
    role: str
    about: str
    language_code: str = "en"


PERSONAS = (
    Persona("ana", "Ana", 1001, "owner", "Owner of Acme"),
    Persona("ben", "Ben", 1002, "member", "Member of Acme"),
    Persona("eve", "Eve", 1003, "stranger", "A stranger to Acme"),
)

_BY_NAME = {
    name.lower(): persona
    for persona in PERSONAS
    for name in (persona.key, persona.name, persona.role)
}
_BY_USER_ID = {persona.user_id: persona for persona in PERSONAS}


def find_persona(name: str) -> Persona | None:
    """The persona called so: a key, a name or a role, in any case."""
    return _BY_NAME.get(name.lower())


def persona_of_chat(chat_id: int) -> Persona | None:
    """The persona whose private chat this is."""
    return _BY_USER_ID.get(chat_id)
