"""The bot as a telegram.ext application: shared objects, handlers, connections, menus."""

from typing import Final

import telegram
from telegram import ext
from telegram.constants import ParseMode

from bot.backend_api.client import BackendClient
from bot.handlers import COMMANDS, HANDLERS
from bot.legal.documents import load_legal_texts
from bot.locales.texts import COMPLETE_LANGUAGE, Texts
from bot.settings import Settings
from bot.telegram.chat_order import ChatOrder
from bot.telegram.connections import TelegramConnections
from bot.telegram.context import BotApplication, BotContext, ChatMemory, Shared
from bot.telegram.errors import on_error

MENUS: Final = (
    (telegram.BotCommandScopeDefault(), tuple(COMMANDS)),
    (telegram.BotCommandScopeAllGroupChats(), ("balance", "group")),
)
ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member")

UPDATES_AT_ONCE: Final = 32
CONNECTIONS: Final = 64  # more than UPDATES_AT_ONCE and the worker's deliveries together


def create_app(settings: Settings, backend: BackendClient, texts: Texts) -> BotApplication:
    """Build the whole bot, not yet started.

    How it receives updates is in `bot/telegram/polling.py` and `bot/telegram/webhook.py`.
    """
    defaults = ext.Defaults(
        parse_mode=ParseMode.HTML,
        link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
    )
    application: BotApplication = (
        ext.ApplicationBuilder()
        .token(settings.telegram_bot_token.get_secret_value())
        .base_url(f"{settings.telegram_api_base}/bot")
        .context_types(ext.ContextTypes(BotContext, bot_data=Shared, chat_data=ChatMemory))
        .concurrent_updates(ChatOrder(UPDATES_AT_ONCE))
        .defaults(defaults)
        .request(TelegramConnections(CONNECTIONS))
        .get_updates_request(TelegramConnections(1))
        .updater(None)
        .job_queue(None)
        .build()
    )
    application.bot_data.backend = backend
    application.bot_data.texts = texts
    application.bot_data.commands = tuple(
        (name, command.description) for name, command in COMMANDS.items()
    )
    application.bot_data.support_contact = settings.support_contact
    application.bot_data.legal_texts = load_legal_texts(
        settings.legal_texts,
        settings.operator_name,
        settings.operator_contact or settings.support_contact,
    )
    application.add_handlers(HANDLERS)
    application.add_error_handler(on_error)
    return application


async def show_commands(application: BotApplication) -> None:
    """Set the command menus of private chats and of groups, in every language.

    https://core.telegram.org/bots/api#setmycommands. Raises TelegramError.
    """
    texts = application.bot_data.texts
    for language in sorted(texts.languages):
        translator = texts.translator(language)
        code = None if language == COMPLETE_LANGUAGE else language
        for scope, names in MENUS:
            menu = [
                telegram.BotCommand(name, translator.text(COMMANDS[name].description))
                for name in names
            ]
            await application.bot.set_my_commands(menu, scope, code)
