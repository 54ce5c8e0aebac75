"""Keys of sentences in the locale files."""


class Key:
    """The key of a sentence that every locale file has under `name`, with these `{placeholders}`.

    All keys are in `bot/locales/keys/`; `tests/bot/locales/test_keys.py` compares them with the
    files and finds those that nothing uses.
    """

    def __init__(self, name: str, *placeholders: str) -> None:
        """Take the dotted name, a table of the locale file and a name in it: "topup.question"."""
        self.name, self.placeholders = name, frozenset(placeholders)

    def __repr__(self) -> str:
        """Return the key with its name, for messages of errors."""
        return f"Key({self.name!r})"
