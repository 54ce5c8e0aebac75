"""Everything that people can say to the bot, and what each does; the first entry that fits counts.

A button's data comes back as whatever somebody sends us, at most 64 bytes: the patterns below are
the whole grammar, and what does not match exactly is not ours.
"""

from typing import Any, Final

from telegram import ext
from telegram.ext.filters import COMMAND, TEXT, ChatType, SenderChat, StatusUpdate, UpdateType

from bot import late_taps, start
from bot.organizations import groups, invite, link, members, organization
from bot.payment_methods import cards
from bot.payment_methods.card_numbers import HasCardNumber, warn
from bot.payments import charges, invoices, refunds, taps as payment_taps, topup
from bot.personal_settings import menu as settings_menu
from bot.subscriptions import packages, recurring as subscriptions
from bot.telegram import screens
from bot.telegram.context import BotContext, Handler
from bot.telegram.money_taps import MoneyTap, while_present
from bot.telegram.routing import GROUPS, command, tapped, too_old, written
from bot.wallets import export, history
from bot.wallets.balance import balance

UUID: Final = "[0-9a-f]{32}"
ORGANIZATION: Final = f"(?P<organization>{UUID})"
WALLET: Final = f"{ORGANIZATION}:(?P<currency>[a-z]{{3}})"
PAYMENT: Final = f"(?P<payment>{UUID})"
AMOUNT: Final = f"(?P<amount>{screens.AMOUNT})"
PACKED: Final = "[A-Za-z0-9_-]{22}"  # two ids as hex would not fit
PERSON: Final = f"(?P<organization>{PACKED}):(?P<person>{PACKED})"
TERMS: Final = "(?P<uses>1|5|20):(?P<hours>24|48|168|720)"
OFFER: Final = f"{ORGANIZATION}:(?P<role>owner|admin|member):{TERMS}"
SUBSCRIPTION: Final = f"(?P<organization>{PACKED}):(?P<subscription>{PACKED})"
INTERVAL: Final = "(?P<interval>w|m)"
WHAT: Final = f"(?P<what>{PACKED}|{screens.AMOUNT}):(?P<once>[0-9a-f]{{6}})"
BEGINNING: Final = f"(?P<rest>(?P<organization>{PACKED}):{INTERVAL}:{WHAT})"
CARD_WAY: Final = "(?P<how>[A-Za-z0-9_-]{6})"  # all that 64 bytes have room for
CARD: Final = f"(?P<organization>{PACKED}):(?P<card>{PACKED})"
SETTING: Final = "(?P<name>credits|members|quiet|timezone|language)"
DECISION: Final = "(?P<field>shows_balance|announces_credits|tied):(?P<wanted>yes|no)"
CURSOR: Final = "(?P<cursor>[on][0-9a-f]{1,32}|)"  # the backend's, or nothing: the newest

COMMANDS: Final[dict[str, Handler]] = {  # in the order of the menu
    "topup": topup.topup,
    "balance": balance,
    "cards": cards.cards,
    "recurring": subscriptions.recurring,
    "invoices": invoices.invoices,
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
# By the whole of a button's data.
TAPS: Final[dict[str, Handler]] = {
    "forget": start.forget_tapped,
    "topup": topup.topup,
    "organizations": topup.another_tapped,
    f"amounts:{WALLET}": topup.organization_tapped,
    f"other:{WALLET}": topup.other_amount_tapped,
    f"pay:{WALLET}:{AMOUNT}": topup.amount_tapped,
    f"page:{WALLET}:{AMOUNT}": topup.page_tapped,
    "balance": balance,
    f"(?P<act>check|cancel):{PAYMENT}": payment_taps.ask_tapped,
    f"again:{PAYMENT}": payment_taps.again_tapped,
    f"receipt:{PAYMENT}": payment_taps.receipt_tapped,
    f"refund:{PAYMENT}": refunds.refund_tapped,
    f"refund_other:{PAYMENT}": refunds.other_tapped,
    f"bills:(?P<organization>{PACKED}):{CURSOR}": invoices.invoices,
    f"subs:{ORGANIZATION}": subscriptions.recurring,
    f"sub_new:{ORGANIZATION}:{INTERVAL}": packages.new_tapped,
    f"(begin|go_(?P<how>link)):{BEGINNING}": packages.begin_tapped,
    f"sub_(?P<act>look|change|end):{SUBSCRIPTION}": subscriptions.act_tapped,
    f"cards:{ORGANIZATION}": cards.cards,
    f"card:{CARD}": cards.card_tapped,
    f"label_card:{CARD}": cards.label_tapped,
    f"remove_card:{CARD}": cards.remove_tapped,
    f"keep_card:{CARD}": cards.keep_tapped,
    f"add_card:{ORGANIZATION}": cards.add_tapped,
    f"check_link:(?P<link>{UUID})": cards.check_link_tapped,
    f"portal:{ORGANIZATION}": cards.portal_tapped,
    "settings(:(?P<page>quiet|timezone|language))?": settings_menu.settings,
    rf"set:{SETTING}:(?P<value>[\w:/+-]{{1,40}})": settings_menu.choice_tapped,
    "ask_setting:(?P<name>quiet|timezone)": settings_menu.other_tapped,
    "org": organization.organization,
    "new_org": organization.new_tapped,
    f"use:{ORGANIZATION}": organization.use_tapped,
    f"rename:{ORGANIZATION}": organization.rename_tapped,
    f"leave:{ORGANIZATION}": organization.leave_tapped,
    f"leave_now:{ORGANIZATION}": organization.leave_now_tapped,
    f"members:{ORGANIZATION}:(?P<page>[0-9]{{1,4}})": members.members,
    f"member:{PERSON}": members.member_tapped,
    f"ask:{PERSON}:(?P<change>owner|removed)": members.ask_tapped,
    f"change:{PERSON}:(?P<change>owner|admin|member|removed)": members.change_tapped,
    f"invite:{OFFER}": invite.offer_tapped,
    f"make_link:{OFFER}": invite.make_link_tapped,
    f"revoke:(?P<organization>{PACKED}):(?P<invitation>{PACKED})": invite.revoke_tapped,
    f"link:(?P<code>{link.CODE})": link.link_tapped,
    f"past:(?P<organization>{PACKED}):(?P<currency>[a-z]{{3}}|):{CURSOR}": history.page_tapped,
    f"export:{ORGANIZATION}:(?P<month>[0-9]{{4}}-[0-9]{{2}}|)": export.export,
}
# Those that move money or bind it: only while whoever tapped is there.
MONEY_TAPS: Final = {
    f"with:{CARD}:(?P<currency>[a-z]{{3}}):{AMOUNT}": MoneyTap(
        charges.card_tapped, late_taps.charge
    ),
    f"refund_now:{PAYMENT}:{AMOUNT}": MoneyTap(refunds.now_tapped, late_taps.refund),
    f"go_{CARD_WAY}:{BEGINNING}": MoneyTap(packages.begin_tapped, late_taps.begin),
    f"sub_(?P<act>pause|resume|end_now):{SUBSCRIPTION}": MoneyTap(
        subscriptions.act_tapped, late_taps.act
    ),
    f"(?P<act>to):{SUBSCRIPTION}:{AMOUNT}": MoneyTap(subscriptions.act_tapped, late_taps.act),
    f"(?P<act>default_card):{CARD}": MoneyTap(cards.default_tapped, late_taps.card),
    f"(?P<act>remove_card_now):{CARD}": MoneyTap(cards.remove_now_tapped, late_taps.card),
}
GROUP_COMMANDS: Final = dict.fromkeys(COMMANDS, groups.in_private) | {
    "balance": groups.balance,
    "group": groups.show,
    "start": groups.show,
}
GROUP_TAPS: Final[dict[str, Handler]] = {
    f"tie(:{ORGANIZATION})?": groups.tie_tapped,
    f"{DECISION}:{ORGANIZATION}": groups.decision_tapped,
}
PRIVATE: Final = ChatType.PRIVATE & UpdateType.MESSAGE & ~StatusUpdate.ALL
GROUP: Final = ChatType.GROUPS & UpdateType.MESSAGE
HANDLERS: Final[list[ext.BaseHandler[Any, BotContext, None]]] = [
    ext.MessageHandler(UpdateType.MESSAGE & HasCardNumber(), written(warn)),
    ext.ChatMemberHandler(groups.presence_changed, ext.ChatMemberHandler.MY_CHAT_MEMBER),
    ext.MessageHandler(GROUP & StatusUpdate.MIGRATE, groups.migrated),
    ext.CommandHandler(list(COMMANDS), written(groups.anonymous), GROUP & SenderChat.ALL),
    *(ext.CommandHandler(name, written(handle), GROUP) for name, handle in GROUP_COMMANDS.items()),
    ext.CommandHandler("cancel", written(start.cancel), PRIVATE),
    *(ext.CommandHandler(name, command(handle), PRIVATE) for name, handle in COMMANDS.items()),
    ext.MessageHandler(PRIVATE & TEXT & ~COMMAND, written(start.text_written)),
    ext.MessageHandler(PRIVATE, written(start.unknown)),
    *(ext.CallbackQueryHandler(tapped(handle), rf"{data}\Z") for data, handle in TAPS.items()),
    *(
        ext.CallbackQueryHandler(while_present(tap), rf"{data}\Z")
        for data, tap in MONEY_TAPS.items()
    ),
    *(
        ext.CallbackQueryHandler(tapped(handle, GROUPS), rf"{data}\Z")
        for data, handle in GROUP_TAPS.items()
    ),
    ext.CallbackQueryHandler(tapped(too_old)),
]
