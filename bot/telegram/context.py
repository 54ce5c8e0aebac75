"""What a handler is given: who speaks, where, in which language to answer, the backend to ask."""

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
from bot.legal.documents import LegalTexts
from bot.locales.key import Key
from bot.locales.texts import Texts
from bot.locales.translator import Fact, Translator
from bot.telegram.messages import edit_message, send_message
from bot.telegram.outcomes import classify_bad_request
from bot.telegram.screens import Screen, unpacked

SOON_SECONDS: Final = 1.0
NAME_LENGTH: Final = 256  # as the backend takes it


class WalletName(NamedTuple):
    """Which wallet a top-up is for: an organization's, in a currency (lower-case ISO code)."""

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

    Who answers a forgotten question learns of the command that does the same.
    """

    question: "Handler | None" = None  # what takes the next text as its answer, and clears this
    last_tap: LastTap | None = None
    translator: Translator | None = None  # of a private chat: as the backend said last


class Shared:
    """What all handlers share; `create_app` puts it in."""

    backend: BackendClient
    texts: Texts
    commands: tuple[tuple[str, Key], ...]  # name and description, in the order of the menu
    support_contact: str | None
    legal_texts: LegalTexts


class BotContext(CallbackContext[ExtBot[None], dict[Any, Any], ChatMemory, Shared]):
    """One update, as our handlers see it: a message that was written or a button that was tapped.

    `message_id` is that of the message, or of the one the button is under; `text` is "" for a tap.
    `thread_id` is its topic in a group that has topics. `translator` is in the language of the
    person's client until the backend has answered which one they chose.
    """

    speaker: User
    chat_id: int
    message_id: int
    thread_id: int | None
    text: str
    translator: Translator

    @classmethod
    def from_update(cls, update: object, application: Any) -> "BotContext":
        """Build the context of an update; called by the application for each."""
        context = super().from_update(update, application)
        context.thread_id = None
        texts = context.bot_data.texts
        context.translator = texts.translator(None)
        if isinstance(update, Update) and update.effective_user:
            context.speaker = update.effective_user
            remembered = context.person_memory.translator
            context.translator = remembered or texts.translator(context.speaker.language_code)
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
        """The backend, to be called in the speaker's name."""
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
        """Return a named part of the tapped button's data; "" where it has none, or of no tap.

        Raises IndexError for a name that the button's pattern in `bot/handlers.py` does not have.
        """
        return (self.match[name] or "") if self.match else ""

    def id(self, name: str) -> UUID:
        """Return an id in the tapped button's data."""
        return unpacked(self.part(name))

    async def introduce(self) -> Me:
        """Introduce the speaker to the backend, and return who they are. Raises BackendError."""
        introduction = Introduction(
            name=without_card_numbers(self.speaker.full_name)[:NAME_LENGTH],
            language=self.speaker.language_code,
            chat_id=self.chat_id,
        )
        me = await self.backend.introduce(self.speaker.id, introduction)
        self.set_language(me.language, me.time_zone)
        return me

    def set_language(self, language: str, time_zone: str) -> None:
        """Answer in this language and by this clock from now on."""
        self.translator = self.bot_data.texts.translator(language, time_zone)
        self.person_memory.translator = self.translator

    async def ensure_language(self) -> None:
        """Learn which language the speaker chose, unless it is remembered.

        A backend that is slow or away is not waited for: what needs none of it works without.
        """
        if self.person_memory.translator is None:
            with suppress(BackendError, TimeoutError):
                async with asyncio.timeout(SOON_SECONDS):
                    await self.introduce()

    async def reply_text(self, key: Key, **facts: Fact) -> Message:
        """Send a new message of one sentence. Raises TelegramError."""
        return await self.reply(Screen(self.translator.html(key, **facts)))

    async def reply(self, screen: Screen) -> Message:
        """Send a new message in this chat, and in this topic of it. Raises TelegramError."""
        return await send_message(self.bot, self.chat_id, screen, thread_id=self.thread_id)

    async def reply_or_edit(self, screen: Screen) -> None:
        """Answer a command with a new message, a tap in the message that the button is under."""
        if self.text:
            await self.reply(screen)
        else:
            await self.edit(self.message_id, screen)

    async def edit(self, message_id: int, screen: Screen) -> None:
        """Put `screen` in the place of what a message shows; where it is gone, below all others."""
        try:
            await edit_message(self.bot, self.chat_id, message_id, screen)
        except BadRequest as error:
            match classify_bad_request(error):
                case "gone":
                    await self.reply(screen)
                case "delivered":
                    pass
                case _:
                    raise


# Commands, texts and taps alike. What it returns is the notice that a tap is answered with.
Handler = Callable[[BotContext], Awaitable[str | None]]
BotApplication = Application[ExtBot[None], BotContext, dict[Any, Any], ChatMemory, Shared, None]
