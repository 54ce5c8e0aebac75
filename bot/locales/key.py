"""The key of a sentence in the locale files."""


class Key:
    """A sentence that every locale file has under `name`, with these `{placeholders}`.

    `bot/locales/keys/` has them all; `tests/bot/locales/test_keys.py` holds them against the files
    and finds those that nobody uses.
    """

    def __init__(self, name: str, *placeholders: str) -> None:
        """`name` is dotted: a table of the locale file and a name in it, "topup.question"."""
        self.name, self.placeholders = name, frozenset(placeholders)

    def __repr__(self) -> str:
        return f"Key({self.name!r})"
