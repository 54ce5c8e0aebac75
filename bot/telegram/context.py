"""The context of an update: the person, the chat, the translator, and the backend's client."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeVar
from uuid import UUID

from telegram import Message, Update, User
from telegram.error import BadRequest
from telegram.ext import Application, CallbackContext, ExtBot

from backend.schemas import (
    Introduction,
    Invitation,
    Me,
    MethodLink,
    Payment,
    Question,
    Subscription,
    without_card_numbers,
)
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendError
from bot.legal.documents import LegalTexts
from bot.locales.key import Key
from bot.locales.texts import Texts
from bot.locales.translator import Fact, Translator
from bot.telegram.messages import edit_message, send_message
from bot.telegram.outcomes import classify_bad_request
from bot.telegram.pages import parts_of
from bot.telegram.retries import repeat_after_429
from bot.telegram.screens import Screen, unpacked

Named = TypeVar("Named", Invitation, MethodLink, Payment, Subscription)

SOON_SECONDS: Final = 1.0
QuestionName = Literal[
    "topup_amount", "refund_amount", "search", "setting", "new_organization", "organization_name",
    "subscription_amount", "changed_subscription_amount", "payment_method_label",
    "accounting_time_zone", "billing_email",
]  # fmt: skip
NAME_LENGTH: Final = 256  # the backend's limit


class WalletName(NamedTuple):
    """The wallet of an organization in one currency (lower-case ISO code)."""

    organization_id: UUID
    currency: str


class LastTap(NamedTuple):
    """The last tap that was handled: user, message, the button's data, monotonic seconds."""

    user: int
    message_id: int
    data: str
    at: float


@dataclass
class ChatMemory:
    """The state of a chat until the process ends; what must outlive it is at the backend.

    `question` is open: the next text is its answer. `stored_question` is what the backend has
    stored of it, "unknown" until it was read or written once. `last_tap` finds double taps,
    `shown_menu` is the language and commands of the chat's menu, once it was set.
    `translator` is set for private chats once the backend has answered the language.
    """

    question: Question | None = None
    stored_question: Question | Literal["unknown"] | None = "unknown"
    last_tap: LastTap | None = None
    shown_menu: tuple[str, ...] | None = None
    translator: Translator | None = None


class Shared:
    """The objects that all handlers share; `create_app` sets them."""

    backend: BackendClient
    texts: Texts
    commands: tuple[tuple[str, Key], ...]  # name and description, in the order of the menu
    support_contact: str | None
    legal_texts: LegalTexts


class BotContext(CallbackContext[ExtBot[None], dict[Any, Any], ChatMemory, Shared]):
    """One update as handlers take it: a written message or a tapped button.

    `message_id` is that of the message, or of the one with the button; `text` is "" for a tap.
    `thread_id` is the topic in a group that has topics. `translator` is in the language of the
    person's client until the backend has answered the one that they chose. `organization_labels`
    are of the organizations whose names alone would not tell the person which one it is.
    """

    speaker: User
    chat_id: int
    message_id: int
    thread_id: int | None
    text: str
    translator: Translator
    organization_labels: Mapping[UUID, str]

    @classmethod
    def from_update(cls, update: object, application: Any) -> "BotContext":
        """Build the context of an update; the application calls this for each."""
        context = super().from_update(update, application)
        context.thread_id, context.organization_labels = None, {}
        texts = context.bot_data.texts
        context.translator = texts.translator(None)
        if isinstance(update, Update) and update.effective_user:
            context.speaker = update.effective_user
            context.chat_id = context.speaker.id  # of a tap whose message Telegram shows no more
            query = update.callback_query
            if message := query.message if query else update.message:
                context.chat_id, context.message_id = message.chat.id, message.message_id
                if isinstance(message, Message) and message.is_topic_message:
                    context.thread_id = message.message_thread_id
            elif update.my_chat_member:
                context.chat_id = update.my_chat_member.chat.id
            context.text = (update.message and update.message.text) or ""
            remembered = context.person_memory.translator
            translator = remembered or texts.translator(context.speaker.language_code)
            context.translator = context.for_this_chat(translator)
        return context

    @property
    def arguments(self) -> str:
        """The text after a command; "" where there is none, and for a tap."""
        parts = self.text.split(maxsplit=1)
        return parts[1].strip() if len(parts) > 1 else ""

    @property
    def backend(self) -> BackendClient:
        """The backend's client."""
        return self.bot_data.backend

    @property
    def memory(self) -> ChatMemory:
        """The state of this chat."""
        return self.application.chat_data[self.chat_id]

    @property
    def person_memory(self) -> ChatMemory:
        """The state of the person's private chat, whose id is their user id."""
        return self.application.chat_data[self.speaker.id]

    def part(self, name: str) -> str:
        """Return a named part of the tapped button's data; "" where it is empty, or without a tap.

        Raises IndexError for a name that the button's pattern in `bot/handlers.py` does not have.
        """
        return (self.match[name] or "") if self.match else ""

    def id(self, name: str) -> UUID:
        """Return the id with this name in the tapped button's data."""
        return unpacked(self.part(name))

    def open_question(self, name: QuestionName, /, **facts: str) -> None:
        """Take the next text in this chat as the answer to a question.

        It is passed to the question's function in `bot/answers.py`, with these facts.
        """
        self.memory.question = Question(name=name, facts=facts)

    def close_question(self) -> None:
        """Take no text as an answer any more."""
        self.memory.question = None

    async def introduce(self) -> Me:
        """Introduce the person to the backend; return who they are. Raises BackendError.

        The translator is in their language and time zone from then on.
        """
        introduction = Introduction(
            name=without_card_numbers(self.speaker.full_name)[:NAME_LENGTH],
            language=self.speaker.language_code,
            chat_id=self.chat_id,
        )
        me = await self.backend.introduce(self.speaker.id, introduction)
        self.set_language(me.language, me.time_zone)
        self.organization_labels = {
            each.organization_id: each.label for each in me.organizations if each.label
        }
        return with_labels(me)

    def named(self, owned: Named) -> Named:
        """Return what an organization owns with the name by which the person knows that."""
        label = self.organization_labels.get(owned.organization_id)
        return owned.model_copy(update={"organization_name": label}) if label else owned

    def set_language(self, language: str, time_zone: str) -> None:
        """Use this language and time zone (an IANA name) for the person from now on."""
        translator = self.bot_data.texts.translator(language, time_zone)
        self.person_memory.translator = translator
        self.translator = self.for_this_chat(translator)

    def for_this_chat(self, translator: Translator) -> Translator:
        """Return the translator of the person for this chat; in a group its commands name the bot.

        The ids of groups are negative: https://core.telegram.org/api/bots/ids
        """
        return translator if self.chat_id > 0 else translator.in_group(self.bot.username)

    async def ensure_language(self) -> None:
        """Fetch the person's language from the backend, unless it is remembered.

        It waits for at most SOON_SECONDS: callers work without the backend, in the client's
        language.
        """
        if self.person_memory.translator is None:
            with suppress(BackendError, TimeoutError):
                async with asyncio.timeout(SOON_SECONDS):
                    await self.introduce()

    async def reply_text(self, key: Key, **facts: Fact) -> Message:
        """Send a new message of one sentence. Raises TelegramError."""
        return await self.reply(Screen(self.translator.html(key, **facts)))

    async def reply(self, screen: Screen) -> Message:
        """Send a new message to this chat, and to this topic of it; several where it is too long.

        Where the topic is closed or deleted, it goes to the general topic. Returns the last one.
        Raises TelegramError.
        """
        *parts, last = parts_of(screen)
        for part in parts:
            await self._send(part)
        return await self._send(last)

    async def _send(self, screen: Screen) -> Message:
        """Send one message, again after a 429, and to the general topic instead of a closed one."""

        async def send() -> Message:
            return await send_message(self.bot, self.chat_id, screen, thread_id=self.thread_id)

        try:
            return await repeat_after_429(send)
        except BadRequest as error:
            if self.thread_id is None or classify_bad_request(error) != "topic_closed":
                raise
            self.thread_id = None
        return await repeat_after_429(send)

    async def reply_or_edit(self, screen: Screen) -> None:
        """Reply to a command with a new message; after a tap, edit the button's message instead."""
        if self.text:
            await self.reply(screen)
        else:
            await self.edit(self.message_id, screen)

    async def edit(self, message_id: int, screen: Screen) -> None:
        """Edit a message of this chat; send `screen` as a new one where the message is gone.

        One that is too long goes on in new messages. Raises TelegramError.
        """
        first, *others = parts_of(screen)
        try:
            await repeat_after_429(lambda: edit_message(self.bot, self.chat_id, message_id, first))
        except BadRequest as error:
            match classify_bad_request(error):
                case "gone":
                    await self.reply(screen)
                    return
                case "delivered":
                    pass
                case _:
                    raise
        for part in others:
            await self._send(part)


def with_labels(me: Me) -> Me:
    """Return a person whose organizations are named so that no two of them look the same."""
    named = [
        each.model_copy(update={"organization_name": each.label}) if each.label else each
        for each in me.organizations
    ]
    return me.model_copy(update={"organizations": named})


# Handles a command, a text or a tap; returns the notice for a tap, or None.
Handler = Callable[[BotContext], Awaitable[str | None]]
BotApplication = Application[ExtBot[None], BotContext, dict[Any, Any], ChatMemory, Shared, None]
