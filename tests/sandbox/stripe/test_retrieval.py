"""What can be read from the local Stripe: objects, lists, what is expanded, and whose it is."""

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.playground import Playground, paid


async def test_an_intent_shows_its_charge_and_what_that_did_to_the_balance(
    play: Playground,
) -> None:
    intent = await paid(play)
    plain = await play.sdk.v1.payment_intents.retrieve_async(intent)
    assert isinstance(plain.latest_charge, str)
    parameters: Any = {"expand": ["latest_charge.balance_transaction", "latest_charge.refunds"]}
    seen = (await play.sdk.v1.payment_intents.retrieve_async(intent, parameters)).to_dict()
    assert seen["latest_charge"]["balance_transaction"]["amount"] == 5000
    assert seen["latest_charge"]["refunds"]["data"] == []
    listed = await play.sdk.v1.charges.list_async(
        {"payment_intent": intent, "expand": ["data.balance_transaction"]}
    )
    [charge] = listed.data
    assert charge.balance_transaction.amount == 5000  # type: ignore[union-attr]
    one = await play.sdk.v1.charges.retrieve_async(charge.id, {"expand": ["balance_transaction"]})
    assert one.balance_transaction == charge.balance_transaction


async def test_disputes_refunds_and_warnings_are_read_by_id_and_by_intent(
    play: Playground,
) -> None:
    intent, other = await paid(play), await paid(play)
    refund = await play.post(f"clawbacks/{intent}", step="refund", amount=1000)
    dispute = await play.post(f"clawbacks/{intent}", step="dispute")
    warning = await play.post(f"clawbacks/{intent}", step="warn")
    v1 = play.sdk.v1
    assert (await v1.disputes.retrieve_async(dispute["id"])).balance_transactions[0].amount == -5000
    assert (await v1.refunds.retrieve_async(refund["id"])).amount == 1000
    seen = await v1.radar.early_fraud_warnings.retrieve_async(warning["id"])
    assert seen.payment_intent == intent
    for payment_intent, count in ((intent, 1), (other, 0)):
        parameters: Any = {"payment_intent": payment_intent}
        assert len((await v1.disputes.list_async(parameters)).data) == count
        assert len((await v1.refunds.list_async(parameters)).data) == count
        assert len((await v1.checkout.sessions.list_async(parameters)).data) == 1


async def test_lists_are_of_one_customer_and_of_a_time_and_go_on_by_cursor(
    play: Playground,
) -> None:
    who = (await play.sdk.v1.customers.create_async({"name": "Acme"})).id
    for _ in range(3):
        await play.pay((await play.session(customer=who)).id)
    await paid(play)
    intents = play.sdk.v1.payment_intents
    first = await intents.list_async({"customer": who, "limit": 2})
    assert (len(first.data), first.has_more) == (2, True)
    rest = await intents.list_async({"customer": who, "starting_after": first.data[-1].id})
    assert (len(rest.data), rest.has_more) == (1, False)
    elsewhere = play.stored("payment_intent")[-1]["id"]  # of nobody
    with pytest.raises(stripe.InvalidRequestError, match="starting_after"):
        await intents.list_async({"customer": who, "starting_after": elsewhere})
    now = first.data[0].created
    assert (await intents.list_async({"created": {"gt": now + 10}})).data == []
    assert len((await intents.list_async({"created": {"lte": now + 10}})).data) == 4


async def test_what_is_not_there_is_a_404_and_what_is_not_modelled_a_501(
    play: Playground,
) -> None:
    v1, nothing = play.sdk.v1, "no_such_id"
    for call in (
        v1.disputes.retrieve_async, v1.refunds.retrieve_async, v1.charges.retrieve_async,
        v1.setup_intents.retrieve_async, v1.customers.retrieve_async, v1.invoices.retrieve_async,
        v1.subscriptions.retrieve_async, v1.radar.early_fraud_warnings.retrieve_async,
    ):  # fmt: skip
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await call(nothing)
        assert refused.value.code == "resource_missing"
    for query in ("expand[]=review", "customer=cus_1&transfer_group=a"):
        url = f"{play.url}/v1/charges?{query}"
        await paid(play)
        headers = {"Authorization": "Bearer sk_test_sandbox"}
        async with play.http.get(url, headers=headers) as answer:
            assert answer.status == 501, await answer.text()


async def test_the_account_keeps_its_id_and_can_be_another(play: Playground) -> None:
    v1 = play.sdk.v1
    first = (await v1.accounts.retrieve_current_async()).id
    assert first.startswith("acct_1")
    assert (await v1.accounts.retrieve_current_async()).id == first
    intent = await paid(play)
    second = (await play.post("account"))["id"]
    assert (await v1.accounts.retrieve_current_async()).id == second != first
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await v1.payment_intents.retrieve_async(intent)
    assert refused.value.code == "resource_missing"
    assert (await v1.events.list_async()).data == []
    await paid(play)
    await play.post("account", id=first)
    assert [it.id for it in (await v1.payment_intents.list_async()).data] == [intent]


async def test_an_event_of_a_connected_account_says_whose_it_is(play: Playground) -> None:
    await paid(play)
    before = len(play.stored("event"))
    await play.post("faults", account="acct_1Connected")
    await paid(play)
    assert {event.get("account") for event in play.stored("event")[:before]} == {None}
    assert {event["account"] for event in play.stored("event")[before:]} == {"acct_1Connected"}
    await play.post("faults", 400, account="not an account")
