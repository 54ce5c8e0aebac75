"""The bot as a telegram.ext application: every handler in one ordered list, and how it talks HTTP.

The first entry that fits an update handles it.
"""

from collections.abc import Callable
from typing import Any, Final

import httpx
from telegram import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeDefault,
    LinkPreviewOptions,
    ext as telegram_ext,
)
from telegram.constants import ParseMode
from telegram.ext import CallbackQueryHandler, ChatMemberHandler, CommandHandler, MessageHandler
from telegram.ext.filters import COMMAND, TEXT, ChatType, SenderChat, StatusUpdate, UpdateType
from telegram.request import HTTPXRequest

from bot import (
    export,
    groups,
    history,
    invite,
    link,
    members,
    organization,
    payment_taps,
    screens,
    settings_menu,
    start,
    topup,
)
from bot.backend_client import BackendClient
from bot.balance import balance
from bot.chat_order import ChatOrder
from bot.context import BotApplication, BotContext, ChatMemory, Handler, Shared
from bot.doors import GROUPS, command, tapped, too_old, written
from bot.errors import on_error
from bot.settings import Settings
from bot.texts import COMPLETE_LANGUAGE, Texts

COMMANDS: Final[dict[str, Handler]] = {  # in the order of the menu
    "topup": topup.topup,
    "balance": balance,
    "history": history.history,
    "export": export.export,
    "org": organization.organization,
    "members": members.members,
    "invite": invite.invite,
    "group": groups.how,
    "start": start.start,
    "settings": settings_menu.settings,
    "language": settings_menu.language,
    "help": start.show_help,
    "paysupport": start.paysupport,
    "cancel": start.cancel,
}
TAPS: Final[dict[str, Handler]] = {
    screens.TOP_UP: topup.topup,
    screens.OTHER_ORGANIZATION: topup.another_tapped,
    screens.CHOOSE_AMOUNT: topup.organization_tapped,
    screens.OTHER_AMOUNT: topup.other_amount_tapped,
    screens.PAY: topup.amount_tapped,
    screens.BALANCE: balance,
    screens.CHECK: payment_taps.check_tapped,
    screens.CANCEL: payment_taps.cancel_tapped,
    screens.AGAIN: payment_taps.again_tapped,
    screens.RECEIPT: payment_taps.receipt_tapped,
    screens.SETTINGS: settings_menu.settings,
    screens.CHOOSE: settings_menu.choice_tapped,
    screens.ASK_SETTING: settings_menu.other_tapped,
    screens.ORGANIZATION: organization.organization,
    screens.NEW_ORGANIZATION: organization.new_tapped,
    screens.USE: organization.use_tapped,
    screens.RENAME: organization.rename_tapped,
    screens.LEAVE: organization.leave_tapped,
    screens.LEAVE_NOW: organization.leave_now_tapped,
    screens.MEMBERS: members.page_tapped,
    screens.MEMBER: members.member_tapped,
    screens.ASK: members.ask_tapped,
    screens.CHANGE: members.change_tapped,
    screens.INVITE: invite.offer_tapped,
    screens.MAKE_LINK: invite.make_link_tapped,
    screens.REVOKE: invite.revoke_tapped,
    screens.LINK: link.link_tapped,
    screens.HISTORY: history.page_tapped,
    screens.EXPORT: export.month_tapped,
}
GROUP_COMMANDS: Final = dict.fromkeys(COMMANDS, groups.in_private) | {
    "balance": groups.balance,
    "group": groups.show,
    "start": groups.show,
}
MENUS: Final = (
    (BotCommandScopeDefault(), tuple(COMMANDS)),
    (BotCommandScopeAllGroupChats(), ("balance", "group")),
)
GROUP_TAPS: Final[dict[str, Handler]] = {
    screens.TIE: groups.tie_tapped,
    screens.ALLOW: groups.decision_tapped,
}
PRIVATE: Final = ChatType.PRIVATE & UpdateType.MESSAGE & ~StatusUpdate.ALL
GROUP: Final = ChatType.GROUPS & UpdateType.MESSAGE
HANDLERS: Final[list[telegram_ext.BaseHandler[Any, BotContext, None]]] = [
    ChatMemberHandler(groups.presence_changed, ChatMemberHandler.MY_CHAT_MEMBER),
    MessageHandler(GROUP & StatusUpdate.MIGRATE, groups.migrated),
    CommandHandler(list(COMMANDS), written(groups.anonymous), GROUP & SenderChat.ALL),
    *(CommandHandler(name, written(handle), GROUP) for name, handle in GROUP_COMMANDS.items()),
    CommandHandler("cancel", written(start.cancel), PRIVATE),
    *(CommandHandler(name, command(handle), PRIVATE) for name, handle in COMMANDS.items()),
    MessageHandler(PRIVATE & TEXT & ~COMMAND, written(start.text_written)),
    MessageHandler(PRIVATE, written(start.unknown)),
    *(CallbackQueryHandler(tapped(handle), pattern) for pattern, handle in TAPS.items()),
    *(CallbackQueryHandler(tapped(handle, GROUPS), data) for data, handle in GROUP_TAPS.items()),
    CallbackQueryHandler(tapped(too_old)),
]
ALLOWED_UPDATES: Final = ("message", "callback_query", "my_chat_member")

UPDATES_AT_ONCE: Final = 32
CONNECTIONS: Final = 64  # more than UPDATES_AT_ONCE and the worker's deliveries together


def create_app(
    settings: Settings, backend: BackendClient, texts: Texts, on_token_refused: Callable[[], None]
) -> BotApplication:
    """The whole bot, not yet started.

    `on_token_refused` is called each time Telegram knows no such bot (401, or 404 for a token that
    cannot be one): the library's polling ends without a word then.
    """

    async def watch(response: httpx.Response) -> None:
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.NOT_FOUND):
            on_token_refused()

    def connections(size: int) -> HTTPXRequest:
        hooks = {"event_hooks": {"response": [watch]}}
        return HTTPXRequest(size, 10, 10, 5, pool_timeout=5, httpx_kwargs=hooks)

    defaults = telegram_ext.Defaults(
        parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
    )
    application: BotApplication = (
        telegram_ext.ApplicationBuilder()
        .token(settings.telegram_bot_token.get_secret_value())
        .base_url(f"{settings.telegram_api_base}/bot")
        .context_types(telegram_ext.ContextTypes(BotContext, bot_data=Shared, chat_data=ChatMemory))
        .concurrent_updates(ChatOrder(UPDATES_AT_ONCE))
        .defaults(defaults)
        .request(connections(CONNECTIONS))
        .get_updates_request(connections(1))
        .job_queue(None)
        .build()
    )
    application.bot_data.backend = backend
    application.bot_data.texts = texts
    application.bot_data.commands = tuple(COMMANDS)
    application.bot_data.support_contact = settings.support_contact
    application.add_handlers(HANDLERS)
    application.add_error_handler(on_error)
    return application


async def show_commands(application: BotApplication) -> None:
    """Fill the menu beside the input field, in private and in groups, in every language."""
    texts = application.bot_data.texts
    for language in sorted(texts.languages):
        words = texts.words(language)
        code = None if language == COMPLETE_LANGUAGE else language
        for scope, names in MENUS:
            menu = [BotCommand(name, words.plain(f"command.{name}")) for name in names]
            await application.bot.set_my_commands(menu, scope, code)
