"""Updates of one chat in order, chats in parallel, all of it bounded."""

import asyncio
from datetime import UTC, datetime

from telegram import Chat, Message, Update

from bot.telegram.chat_order import ChatOrder, ChatTurns


def update(number: int, chat: int) -> Update:
    message = Message(number, datetime.now(UTC), Chat(chat, Chat.PRIVATE))
    return Update(number, message=message)


async def test_one_chat_keeps_its_order_while_another_overtakes() -> None:
    order, done = ChatOrder(at_once=4), []

    async def handle(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        done.append(name)

    work = [("slow", 1, 0.05), ("after slow", 1, 0), ("other chat", 2, 0)]
    async with order:
        await asyncio.gather(
            *(
                order.process_update(update(number, chat), handle(name, seconds))
                for number, (name, chat, seconds) in enumerate(work)
            )
        )
    assert done == ["other chat", "slow", "after slow"]


async def test_a_chat_that_never_stops_does_not_hold_up_the_others() -> None:
    order, running, peak = ChatOrder(at_once=2), set[int](), 0

    async def handle(chat: int) -> None:
        nonlocal peak
        assert chat not in running
        running.add(chat)
        peak = max(peak, len(running))
        await asyncio.sleep(0.001)
        running.remove(chat)

    chats = [1] * 50 + [2, 3, 4]
    tasks = [
        asyncio.create_task(order.process_update(update(number, chat), handle(chat)))
        for number, chat in enumerate(chats)
    ]
    await asyncio.gather(*tasks[50:])
    assert not all(task.done() for task in tasks[:50])
    await asyncio.gather(*tasks)
    assert peak == 2


async def test_a_turn_is_forgotten_when_nobody_waits_for_it() -> None:
    turns = ChatTurns()
    for chat in range(100):
        async with turns.turn(chat):
            pass
    assert len(turns._locks) <= 1
