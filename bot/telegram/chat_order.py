"""One chat at a time, chats side by side: for updates that come in and messages that go out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor


class ChatTurns:
    """A turn per chat, first come first served.

    A chat's lock lives while somebody holds or awaits it, so that memory does not grow with the
    number of chats ever seen.
    """

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, chat_id: int) -> AsyncIterator[None]:
        """Hold this chat alone."""
        lock = self._locks.get(chat_id)
        if lock is None:
            lock = self._locks[chat_id] = asyncio.Lock()
        async with lock:
            yield


class ChatOrder(BaseUpdateProcessor):
    """Handles the updates of one chat in order and at most `at_once` chats in parallel.

    An update takes one of the `at_once` places only when it is its chat's turn, so that one chat
    that writes without pause cannot take everybody's places.
    """

    def __init__(self, at_once: int, waiting: int = 10_000) -> None:
        """`waiting` bounds the updates that have been handed over and are not finished."""
        super().__init__(max_concurrent_updates=waiting)
        self._places = asyncio.Semaphore(at_once)
        self._chats = ChatTurns()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Called by the application for each update."""
        chat = update.effective_chat if isinstance(update, Update) else None
        async with self._chats.turn(chat.id if chat else 0), self._places:
            await coroutine

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""
