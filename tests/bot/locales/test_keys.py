"""Every key is in every locale file with its placeholders, and used; every sentence has a key."""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest

import bot
from backend import schemas
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.texts import LOCALES, read_catalog

FOLDER = Path(bot.__file__).parent
SOURCES = {file: ast.parse(file.read_text()) for file in FOLDER.rglob("*.py")}
OF_KEYS = FOLDER / "locales" / "keys"
# What is called with a key and the facts that its sentence names.
TAKE_FACTS = {"html", "text", "reply_text", "BotRefusal"}
# `errors.explain` adds the role to every refusal of the bot's own.
ALWAYS_THERE = {"role"}

Literals = Any  # mypy has no name for a Literal type as a value


def sections() -> Iterator[type]:
    """The classes that keys stand in."""
    for section in vars(keys).values():
        if isinstance(section, type):
            yield section


def constants() -> dict[tuple[str, str], Key]:
    """Every key by the names that the code has for it: ("TopUp", "QUESTION")."""
    return {
        (section.__name__, name): key
        for section in sections()
        for name, key in vars(section).items()
        if isinstance(key, Key)
    }


def tables() -> set[str]:
    """The names of the tables from statuses, kinds and codes to keys."""
    return {name for name in vars(keys) if name.isupper()}


def used() -> Iterator[tuple[str, ...]]:
    """What the code names of `keys`: ("TopUp", "QUESTION"), ("ROLE_NAMES",)."""
    for file, tree in SOURCES.items():
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="keys"), attr=section), attr=name
                ):
                    yield section, name
                case ast.Attribute(value=ast.Name(id="keys"), attr=name):
                    yield (name,)
                case ast.Attribute(value=ast.Name(id=section), attr=name):
                    if OF_KEYS in file.parents:
                        yield section, name


def placeholders(sentence: object) -> set[str]:
    texts = sentence.values() if isinstance(sentence, dict) else [str(sentence)]
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("file", sorted(LOCALES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_locale_file_has_the_keys_with_their_placeholders_and_no_others(file: Path) -> None:
    expected = {key.name: set(key.placeholders) for key in constants().values()}
    sentences = {name: placeholders(each) for name, each in read_catalog(file).items()}
    assert sentences == expected, (
        f"left: {file.name}; right: the classes in `__all__` of bot/locales/keys/__init__.py"
    )


def test_no_two_constants_are_one_key() -> None:
    names = [key.name for key in constants().values()]
    assert len(names) == len(set(names))


def test_every_key_and_every_table_is_used() -> None:
    named = set(used())
    assert set(constants()) - named == set()
    assert {(table,) for table in tables()} - named == set()


def test_keys_are_constants_and_nowhere_built_from_strings() -> None:
    for file, tree in SOURCES.items():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id == "Key":
                assert OF_KEYS in file.parents, file
                assert all(isinstance(each, ast.Constant) for each in call.args), ast.unparse(call)


def test_what_names_a_key_gives_all_that_its_sentence_names() -> None:
    """Where the facts stand in the call; what comes as `**facts` only a run can tell."""
    for tree in SOURCES.values():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            called = getattr(call.func, "attr", getattr(call.func, "id", ""))
            match call.args[:1]:
                case [ast.Attribute(value=ast.Attribute(attr=section), attr=name)]:
                    passed = {keyword.arg for keyword in call.keywords}
                    if called in TAKE_FACTS and None not in passed:
                        key = constants()[section, name]
                        optional = ALWAYS_THERE if called == "BotRefusal" else set()
                        assert key.placeholders - optional <= passed, ast.unparse(call)


@pytest.mark.parametrize(
    ("table", "literals"),
    [
        (keys.ROLE_NAMES, schemas.Role),
        (keys.PAYMENT_STATUS_NAMES, schemas.PaymentStatus),
        (keys.PAYMENT_MESSAGES, schemas.PaymentStatus),
        (keys.SUBSCRIPTION_STATUS_NAMES, schemas.SubscriptionStatus),
        (keys.SUBSCRIPTION_MESSAGES, schemas.SubscriptionStatus),
        (keys.INTERVAL_NAMES, schemas.Interval),
        (keys.TRANSACTION_LINES, schemas.TransactionKind),
        (keys.SETUP_LINKS, schemas.MethodLink.model_fields["state"].annotation),
        (keys.REFUND_RESULTS, schemas.Refund.model_fields["status"].annotation),
    ],
)
def test_a_table_has_a_key_for_each_value_of_its_type(
    table: Mapping[str, Key], literals: Literals
) -> None:
    values: Collection[str] = get_args(literals)
    assert set(table) == set(values)
