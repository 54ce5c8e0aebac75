"""What a handler is given: who speaks, where, in which words to answer, the backend to ask."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from telegram import Message, Update, User
from telegram.error import BadRequest
from telegram.ext import Application, CallbackContext, ExtBot

from backend.schemas import Introduction, Me, without_card_numbers
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.locales.texts import Fact, Texts, Words
from bot.telegram.outcomes import bad_request
from bot.telegram.screens import Screen, unpacked

SOON_SECONDS: Final = 1.0


class BotRefusal(Exception):
    """What the bot itself refuses: the key of a sentence that says so, and its facts."""

    def __init__(self, key: str, **facts: Fact) -> None:
        """What people may not do, or no longer, or what they wrote and nobody can read."""
        super().__init__(key)
        self.key, self.facts = key, facts


class WalletName(NamedTuple):
    """Which wallet a top-up is for: an organization's, in a currency."""

    organization_id: UUID
    currency: str


class LastTap(NamedTuple):
    """Whose tap on which message's button, and when (monotonic seconds) it was done with."""

    user: int
    message_id: int
    data: str
    at: float


@dataclass
class ChatMemory:
    """What is remembered of a chat until the process ends: nothing that would be missed then.

    Whoever answers a forgotten question is told the command that does the same.
    """

    question: "Handler | None" = None  # what takes the next words as its answer, and clears this
    last_tap: LastTap | None = None
    words: Words | None = None  # of a private chat: as its person chose, once the backend said it


class Shared:
    """What all handlers share; `create_app` puts it in."""

    backend: BackendClient
    texts: Texts
    commands: tuple[str, ...]  # in the order of the menu
    support_contact: str | None


class BotContext(CallbackContext[ExtBot[None], dict[Any, Any], ChatMemory, Shared]):
    """One update, as our handlers see it: a message that was written or a button that was tapped.

    `message_id` is that of the message, or of the one the button is under; `text` is "" for a tap.
    `thread_id` is its topic in a group that has topics. `words` are in the language of the person's
    client until the backend has told their choice.
    """

    speaker: User
    chat_id: int
    message_id: int
    thread_id: int | None
    text: str
    words: Words

    @classmethod
    def from_update(cls, update: object, application: Any) -> "BotContext":
        """Called by the application for each update."""
        context = super().from_update(update, application)
        context.thread_id = None
        texts = context.bot_data.texts
        context.words = texts.words(None)
        if isinstance(update, Update) and update.effective_user:
            context.speaker = update.effective_user
            remembered = context.person_memory.words
            context.words = remembered or texts.words(context.speaker.language_code)
            query = update.callback_query
            if message := query.message if query else update.message:
                context.chat_id, context.message_id = message.chat.id, message.message_id
                if isinstance(message, Message) and message.is_topic_message:
                    context.thread_id = message.message_thread_id
            elif update.my_chat_member:
                context.chat_id = update.my_chat_member.chat.id
            context.text = (update.message and update.message.text) or ""
        return context

    @property
    def backend(self) -> BackendClient:
        """The backend, to be asked in the speaker's name."""
        return self.bot_data.backend

    @property
    def memory(self) -> ChatMemory:
        """What is remembered of this chat."""
        return self.application.chat_data[self.chat_id]

    @property
    def person_memory(self) -> ChatMemory:
        """What is remembered of the speaker's private chat, which has their own id."""
        return self.application.chat_data[self.speaker.id]

    def part(self, name: str) -> str:
        """A named part of the tapped button's data."""
        return self.match[name] if self.match else ""

    def id(self, name: str) -> UUID:
        """An id in the tapped button's data."""
        return unpacked(self.part(name))

    async def introduce(self) -> Me:
        """Tell the backend who speaks, and where, and learn who they are."""
        introduction = Introduction(
            name=without_card_numbers(self.speaker.full_name)[:256],
            language=self.speaker.language_code,
            chat_id=self.chat_id,
        )
        me = await self.backend.introduce(self.speaker.id, introduction)
        self.speak(me.language, me.time_zone)
        return me

    def speak(self, language: str, time_zone: str) -> None:
        """From now on in this language, by this clock."""
        self.words = self.bot_data.texts.words(language, time_zone)
        self.person_memory.words = self.words

    async def learn_language(self) -> None:
        """Learn which language the speaker chose, unless it is known.

        A backend that is slow or away is not waited for: what needs none of it works without.
        """
        if self.person_memory.words is None:
            with suppress(BackendError, TimeoutError):
                async with asyncio.timeout(SOON_SECONDS):
                    await self.introduce()

    async def say(self, key: str, **facts: Fact) -> Message:
        """A new message of one sentence."""
        return await self.reply(Screen(self.words.say(key, **facts)))

    async def reply(self, screen: Screen) -> Message:
        """A new message in this chat, and in this topic of it."""
        return await self.bot.send_message(
            self.chat_id,
            screen.text,
            reply_markup=screen.keyboard,
            message_thread_id=self.thread_id,
        )

    async def show(self, screen: Screen) -> None:
        """Answer a command with a new message, a tap in the message that the button is under."""
        if self.text:
            await self.reply(screen)
        else:
            await self.rewrite(self.message_id, screen)

    async def rewrite(self, message_id: int, screen: Screen) -> None:
        """Put `screen` in the place of what a message shows; where it is gone, below all others."""
        try:
            await self.bot.edit_message_text(
                screen.text, self.chat_id, message_id, reply_markup=screen.keyboard
            )
        except BadRequest as error:
            match bad_request(error):
                case "gone":
                    await self.reply(screen)
                case "delivered":
                    pass
                case _:
                    raise


# Commands, words and taps alike. What it returns is the notice that a tap is answered with.
Handler = Callable[[BotContext], Awaitable[str | None]]
BotApplication = Application[ExtBot[None], BotContext, dict[Any, Any], ChatMemory, Shared, None]
