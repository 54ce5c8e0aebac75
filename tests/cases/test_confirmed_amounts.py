"""What is confirmed is what moves: every place of the chat where a person types an amount.

The list of places is the bot's own code; a new one without a walk here fails the first tests.
"""

import ast
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, get_args

import pytest

import bot
from bot.answers import ANSWERS
from bot.telegram.context import QuestionName
from tests.backend.conftest import System
from tests.bot.conftest import Person, buttons, system
from tests.bot.payment_methods.test_cards import Connection, ana, ben
from tests.bot.payments.test_charges import saved

__all__ = ["ana", "ben", "system"]

Json = dict[str, Any]
VISA = "Pay with Visa •••• 4242"
BOTH = "That could mean €1,000.00 or €1.00. Type 1000.00 or 1.00."
AMBIGUOUS = ("1,000", "1.000", "1 000", "1'000", "1\uff0c000")

FOLDER = Path(bot.__file__).parent
SOURCES = {
    ".".join(file.relative_to(FOLDER).with_suffix("").parts): ast.parse(file.read_text())
    for file in FOLDER.rglob("*.py")
}


def callers(name: str) -> set[str]:
    """The functions of the bot that call `name`: "payments.topup.parse_amount"."""
    names = set()
    for module, tree in SOURCES.items():
        for function in (node for node in ast.walk(tree) if isinstance(node, DEFINITIONS)):
            calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
            if any(getattr(call, "attr", getattr(call, "id", "")) == name for call in calls):
                names.add(f"{module}.{function.name}")
    return names


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_every_place_where_an_amount_is_typed_is_walked_here() -> None:
    typed = callers("typed_amount") - {"payments.topup.parse_amount"} | callers("parse_amount")
    assert typed == {place.handler for place in AMOUNT_PLACES}
    assert callers("read_money") == {
        "amounts.typed_amount", "amounts.carried_amount", "payments.topup_screens.usual_amounts",
    }  # fmt: skip


def test_every_question_of_the_bot_is_known_and_those_for_amounts_are_walked_here() -> None:
    """What takes an answer stands in `ANSWERS`: a new kind is put into this table."""
    assert set(ANSWERS) == set(get_args(QuestionName))
    requests = {
        f"{answer.__module__.removeprefix('bot.')}.{getattr(answer, '__name__', '')}"
        for answer in ANSWERS.values()
    }
    others = {
        "payment_methods.changes.label_written", "organizations.organization.name_written",
        "organizations.organization.new_name_written", "personal_settings.menu.answer_written",
        "organizations.accounting.zone_written", "organizations.billing.email_written",
        "payments.finding.text_written",
    }  # fmt: skip
    amounts = {place.handler for place in AMOUNT_PLACES} - {"payments.topup.topup"}
    assert requests == amounts | others


def test_what_is_sent_to_the_backend_is_an_amount_that_was_read() -> None:
    """`amount=` of a request is `Money.amount`, never a text of the chat or of a button."""
    requests = {
        "CheckoutRequest", "ChargeRequest", "RefundRequest", "SubscriptionChange",
        "SubscriptionRequest",
    }  # fmt: skip
    sent = []
    for tree in SOURCES.values():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if getattr(call.func, "attr", getattr(call.func, "id", "")) in requests:
                sent += [word.value for word in call.keywords if word.arg == "amount"]
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.Dict)):
            pairs = zip(node.keys, node.values, strict=True)
            if any(isinstance(key, ast.Constant) and key.value == "currency" for key in node.keys):
                sent += [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == "amount"]
    assert [ast.unparse(value) for value in sent] == ["amount.amount"] * len(sent)
    assert len(sent) == 5


class Setup:
    """What the walks need: the people, Stripe's own account of what moved, and a paid payment."""

    def __init__(self, system: System, ana: Person, owner: Connection) -> None:
        self.system, self.ana, self.owner = system, ana, owner

    async def row_counts(self) -> list[int]:
        """How much there is of what could move money."""
        tables = ("payments", "refunds", "subscriptions")
        counts = [f"select count(*) from {table}" for table in tables]  # noqa: S608
        return [await self.owner.fetchval(count) for count in counts]

    async def charged(self) -> tuple[int, str]:
        """What the newest payment moved at Stripe."""
        query = (
            "select stripe_payment_intent_id from payments where status = 'succeeded'"
            " order by created_at desc limit 1"
        )
        intent = await self.system.services.stripe.get_intent(await self.owner.fetchval(query))
        return intent.amount_received, intent.currency

    async def price(self) -> tuple[int, str]:
        """What Stripe charges every month."""
        query = "select stripe_subscription_id from subscriptions order by created_at desc limit 1"
        subscription = await self.system.services.stripe.get_subscription(
            await self.owner.fetchval(query)
        )
        price = subscription.items.data[0].price
        return price.unit_amount or 0, price.currency

    async def sent_back(self) -> tuple[int, str]:
        """What Stripe sent back of the newest payment that was paid."""
        query = "select stripe_payment_intent_id from payments order by created_at desc limit 1"
        refunds = await self.system.services.stripe.list_refunds(await self.owner.fetchval(query))
        return sum(refund.amount for refund in refunds), refunds[0].currency

    async def paid(self, amount: str) -> Json:
        """A payment with the saved card; the message that says that it is paid."""
        await self.ana.writes(f"/topup {amount}")
        await self.ana.taps(await self.ana.sees("how do you want to pay?"), VISA)
        return await self.ana.sees("Paid with Visa")


Step = Callable[[Setup], Awaitable[None]]
Confirm = Callable[[Setup], Awaitable[tuple[int, str]]]


class Place:
    """A place where an amount is typed.

    `before` leads there; what is typed has `prefix` before it; `confirm` checks that 1000.00 was
    understood, says yes, and answers what moved at Stripe, in minor units.
    """

    def __init__(self, handler: str, before: Step, confirm: Confirm, prefix: str = "") -> None:
        self.handler, self.before, self.confirm, self.prefix = handler, before, confirm, prefix


async def nothing(setup: Setup) -> None:
    """/topup is typed at once."""


async def pays(setup: Setup) -> tuple[int, str]:
    ways = await setup.ana.sees("Add €1,000.00 to Acme: how do you want to pay?")
    assert any(data.endswith(":eur:1000.00") for data in buttons(ways).values())
    await setup.ana.taps(ways, VISA)
    await setup.ana.sees("Ana added €1,000.00 to Acme.")
    return await setup.charged()


async def another_amount_question(setup: Setup) -> None:
    await setup.ana.writes("/topup")
    await setup.ana.taps(await setup.ana.sees("How much"), "Other amount")
    await setup.ana.sees("Type the amount to add to Acme")


async def partial_refund_question(setup: Setup) -> None:
    await setup.ana.taps(await setup.paid("5000"), "Refund")
    await setup.ana.taps(await setup.ana.sees("Refund €5,000.00 to"), "Other amount")
    await setup.ana.sees("at most €5,000.00")


async def refunds(setup: Setup) -> tuple[int, str]:
    sure = await setup.ana.sees("Refund €1,000.00 to Ana")
    assert buttons(sure)["Refund €1,000.00"].endswith(":1000.00")
    await setup.ana.taps(sure, "Refund €1,000.00")
    await setup.ana.sees("Refunded. €1,000.00 from Acme is on its way")
    return await setup.sent_back()


async def subscription_amount_question(setup: Setup) -> None:
    await setup.ana.writes("/recurring")
    await setup.ana.taps(await setup.ana.sees("no recurring top-up"), "New: every month")
    await setup.ana.sees("every month?")


async def begins(setup: Setup) -> tuple[int, str]:
    ways = await setup.ana.sees("€1,000.00 every month for Acme: how do you want to pay?")
    await setup.ana.taps(ways, VISA)
    await setup.ana.sees("€1,000.00 every month, active")
    assert (await setup.charged())[0] == (await setup.price())[0]
    return await setup.price()


async def changed_amount_question(setup: Setup) -> None:
    await subscription_amount_question(setup)
    await setup.ana.writes("50")
    await setup.ana.taps(await setup.ana.sees("€50.00 every month for Acme"), VISA)
    active = await setup.ana.sees("€50.00 every month, active")
    await setup.ana.taps(active, "Change amount")
    await setup.ana.sees("It is €50.00 every month now. Type the new amount")


async def changes(setup: Setup) -> tuple[int, str]:
    sure = await setup.ana.sees("from €50.00 to €1,000.00 every month?")
    await setup.ana.taps(sure, "Change to €1,000.00")
    await setup.ana.sees("€1,000.00 every month, active")
    return await setup.price()


AMOUNT_PLACES = (
    Place("payments.topup.topup", nothing, pays, "/topup "),
    Place("payments.topup.amount_written", another_amount_question, pays),
    Place("payments.refunds.amount_written", partial_refund_question, refunds),
    Place("subscriptions.start.amount_written", subscription_amount_question, begins),
    Place("subscriptions.changes.amount_written", changed_amount_question, changes),
)


@pytest.fixture
async def setup(system: System, ana: Person, owner: Connection) -> Setup:
    await saved(system)
    return Setup(system, ana, owner)


@pytest.mark.parametrize("place", AMOUNT_PLACES, ids=lambda place: place.handler)
async def test_two_amounts_are_refused_and_the_one_that_is_confirmed_moves(
    setup: Setup, place: Place
) -> None:
    ana = setup.ana
    await place.before(setup)
    before = await setup.row_counts()
    for text in AMBIGUOUS:
        await ana.writes(f"{place.prefix}{text}")
        assert buttons(await ana.sees(BOTH)) == {}
    await ana.writes(f"{place.prefix}1.234")
    await ana.sees("That could mean €1,234.00 or €1.234. Type 1234.00 or 1.23.")
    for text in ("1\uff10", "a lot", "1.2.3", "<b>50</b>", "9" * 4000):
        await ana.writes(f"{place.prefix}{text}")
        await ana.sees(
            "50 usd." if place.handler.startswith("payments.topup") else "without a currency"
        )
    assert await setup.row_counts() == before
    await ana.writes(f"{place.prefix}1000")
    assert await place.confirm(setup) == (100_000, "eur")
