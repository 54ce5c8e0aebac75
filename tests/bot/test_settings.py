"""What the bot's settings take; all that is wrong is told together (tests/bot/test_process.py)."""

import pytest

from bot.settings import SettingsError, read_settings
from tests.bot.fake_backend import SECRET
from tests.sandbox.telegram.playground import TOKEN

SECRETS = {"TELEGRAM_BOT_TOKEN": TOKEN, "BOT_API_SECRET": SECRET}


@pytest.mark.parametrize(
    ("contact", "taken"),
    [("@acme_help", True), ("help@acme.example", True), ("https://acme.example/help", True),
     ("", True), ("@a", False), ("javascript:alert(1)", False), ("call Ana", False)],
)  # fmt: skip
def test_a_support_contact_is_a_name_an_address_or_a_link(
    monkeypatch: pytest.MonkeyPatch, contact: str, taken: bool
) -> None:
    for name, value in {**SECRETS, "SUPPORT_CONTACT": contact}.items():
        monkeypatch.setenv(name, value)
    if taken:
        assert read_settings().support_contact == (contact or None)
    else:
        with pytest.raises(SettingsError, match=r"SUPPORT_CONTACT: must be an @name"):
            read_settings()


@pytest.mark.parametrize(
    "token", ["abc", "abc:def", "1:", "1:a b", "https://api.telegram.org/bot1:a"]
)
def test_a_token_of_impossible_shape_is_refused_before_anything_is_asked(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (SECRETS | {"TELEGRAM_BOT_TOKEN": token}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(
        SettingsError, match="TELEGRAM_BOT_TOKEN: must be a bot's number"
    ) as refused:
        read_settings()
    assert token not in str(refused.value)
