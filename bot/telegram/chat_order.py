"""Order within a chat, concurrency between chats: for updates received and messages sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor


class ChatTurns:
    """A lock for each chat, in the order in which it is requested.

    A lock exists only while somebody holds or awaits it, so that memory does not grow with the
    number of chats.
    """

    def __init__(self) -> None:
        """Begin without any lock."""
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, chat_id: int) -> AsyncIterator[None]:
        """Hold the chat's lock for the length of the block."""
        lock = self._locks.get(chat_id)
        if lock is None:
            lock = self._locks[chat_id] = asyncio.Lock()
        async with lock:
            yield


class ChatOrder(BaseUpdateProcessor):
    """An update processor: the updates of one chat in order, at most `at_once` chats in parallel.

    An update takes one of the `at_once` places only when its chat's turn comes, so that a chat
    which writes without pause cannot take all places.
    """

    def __init__(self, at_once: int, waiting: int = 10_000) -> None:
        """Allow `at_once` updates in parallel and `waiting` updates that are not finished yet."""
        super().__init__(max_concurrent_updates=waiting)
        self._places = asyncio.Semaphore(at_once)
        self._chats = ChatTurns()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Process one update in its chat's turn; the application calls this for each."""
        chat = update.effective_chat if isinstance(update, Update) else None
        async with self._chats.turn(chat.id if chat else 0), self._places:
            await coroutine

    async def initialize(self) -> None:
        """Do nothing: there is nothing to open."""

    async def shutdown(self) -> None:
        """Do nothing: there is nothing to close."""
