"""Two complete languages: the client's is the default, the choice wins, and nothing is left out."""

import re
from typing import get_args

import pytest

from backend import schemas
from backend.schemas import Notification
from bot.delivery.worker import notification_screen
from bot.locales.texts import load_texts
from sandbox.personas import GROUP
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ACME, ANA, NOON, FakeBackend, notification, payment

KINDS = get_args(Notification.model_fields["kind"].annotation)
# What notifications say that are not about a payment, all kinds together.
FACTS: dict[str, str | int] = {
    "name": "Ana", "by": "Ben", "role": "admin", "organization_name": "Acme",
    "payment": "0" * 32, "reference": "AB12", "amount": "20.00", "currency": "eur",
    "happened": "left", "card": "Visa •••• 4242", "method_id": str(ACME),
    "organization_id": str(ACME),
    "news": "failed", "interval": "month", "reason": "fraudulent", "announced": "general",
}  # fmt: skip
RUSSIAN = re.compile("[а-яё]")


@pytest.mark.parametrize("language", sorted(load_texts().languages))
@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_is_told_has_a_text_in_every_language(kind: str, language: str) -> None:
    shown = payment(status="succeeded", balance=payment().money)
    link = schemas.MethodLink(
        link_id=ACME, organization_id=ACME, organization_name="Acme", state="expired",
        url=None, expires_at=NOON, last_decline=None, method=None,
    )  # fmt: skip
    notified = notification(shown, kind=kind, facts=FACTS, link=link)
    text = notification_screen(notified, load_texts().translator(language)).text
    assert text
    assert bool(RUSSIAN.search(text)) is (language == "ru")


async def test_the_clients_language_is_the_default(ira: Person) -> None:
    await ira.writes("/start")
    await ira.sees("Вы пока не состоите ни в одной организации.")


async def test_the_menu_is_redrawn_in_the_language_just_chosen(ana: Person) -> None:
    await ana.writes("/language")
    choice = await ana.sees("Which language should I use?")
    names = [load_texts().translator(tag).own_name for tag in sorted(load_texts().languages)]
    assert {"English", "Русский"} <= set(names)
    assert list(buttons(choice)) == [*names, "✓ As in Telegram", "Back"]
    await ana.taps(choice, "Русский")
    menu = await ana.sees("Язык: Русский")
    assert menu["message_id"] == choice["message_id"]
    assert "✓ Чужие пополнения" in buttons(menu)
    await ana.taps(menu, "Язык")
    await ana.taps(await ana.sees("На каком языке вам писать?"), "Как в Telegram")
    await ana.sees("Language: English, as in Telegram")


async def test_a_conversation_goes_on_in_the_chosen_language(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/language ru")
    await ana.sees("Язык: Русский")
    await ana.writes("/topup")
    offer = await ana.sees("На сколько пополнить кошелёк «Acme»?\nЗа один раз от 0,50\xa0€")
    assert (await ana.taps(offer, "25,00\xa0€"))["text"] == "Готовлю ссылку ..."
    paid = payment(status="succeeded", url=None, balance=payment().money)
    backend.outbox.put_nowait(notification(paid, language="ru"))
    done = await ana.sees("Оплачено. Кошелёк «Acme» пополнен на 50,00\xa0€. Плательщик: Ana.")
    assert list(buttons(done)) == ["Квитанция", "Пополнить ещё"]
    await ana.writes("/topup много")
    await ana.sees("Не удалось прочитать сумму.")


async def test_the_choice_wins_from_the_first_word_and_the_client_speaks_where_nobody_knows_it(
    ana: Person, backend: FakeBackend
) -> None:
    backend.settings[ANA] = {"chosen_language": "ru"}
    backend.refuse("PUT /api/me", "database_unavailable")
    await ana.writes("/help")
    await ana.sees("What you can do here")
    backend.refuse_no_more()
    for word, answer in (("/help", "Что здесь можно делать"), ("/cancel", "Отменять нечего.")):
        await ana.writes(word)
        await ana.sees(answer)
    backend.refuse("PUT /api/me", "database_unavailable")
    await ana.writes("/balance")
    await ana.sees("Кошелёк сейчас недоступен.")


async def test_everyones_menu_of_commands_is_in_the_language_of_their_app(
    ana: Person, ira: Person
) -> None:
    for person, word in ((ana, "What is in the wallet"), (ira, "Сколько в кошельке")):
        listed = (await person.telegram.chat(person.name))["commands"]
        assert {"command": "balance", "description": word} in listed
    in_group = (await ira.telegram.chat("ira", chat=GROUP))["commands"]
    assert [command["command"] for command in in_group] == ["balance", "group"]
