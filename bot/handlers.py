"""All commands, buttons and messages that the bot handles, in the order in which they are matched.

The data of a button comes back from outside, at most 64 bytes
(https://core.telegram.org/bots/api#inlinekeyboardbutton): it is handled only where it matches one
of the patterns below as a whole.
"""

from typing import Any, Final, NamedTuple

from telegram import ext
from telegram.ext.filters import COMMAND, TEXT, ChatType, SenderChat, StatusUpdate, UpdateType

from bot import start
from bot.legal.commands import show_privacy, show_terms
from bot.locales import keys
from bot.locales.key import Key
from bot.organizations import (
    accounting,
    audit_log,
    billing,
    group_ties,
    groups,
    invitations,
    invite,
    link,
    members,
    organization,
)
from bot.payment_methods import cards, changes as method_changes, links as method_links
from bot.payment_methods.card_numbers import HasCardNumber, warn_of_card_number
from bot.payments import charges, finding, invoices, opening, refunds, taps, timeline, topup
from bot.personal_settings import menu
from bot.presence import presence_changed
from bot.subscriptions import changes as subscription_changes, overview, start as subscription_start
from bot.telegram import screens
from bot.telegram.context import BotContext, Handler
from bot.telegram.money_taps import MoneyTap, on_money_tap
from bot.telegram.routing import (
    GROUPS,
    explain_old_button,
    on_command,
    on_message,
    on_tap,
    on_text,
)
from bot.wallets import export, history
from bot.wallets.balance import balance


class Command(NamedTuple):
    """The handler of a command in private chats, and its description in the menu."""

    handle: Handler
    description: Key


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
PACKAGE_OR_AMOUNT: Final = f"(?P<what>{PACKED}|{screens.AMOUNT}):(?P<once>[0-9a-f]{{6}})"
START: Final = f"(?P<organization>{PACKED}):{INTERVAL}:{PACKAGE_OR_AMOUNT}"
METHOD_WAY: Final = "(?P<how>[A-Za-z0-9_-]{6})"  # as much as fits into 64 bytes
CARD: Final = f"(?P<organization>{PACKED}):(?P<card>{PACKED})"
SETTING: Final = "(?P<name>credits|recurring|members|quiet|timezone|language)"
DECISION: Final = "(?P<field>shows_balance|announces_credits|tied):(?P<wanted>yes|no)"
CURSOR: Final = "(?P<cursor>[on][0-9a-f]{1,32}|)"  # of the backend; "": the newest page

COMMANDS: Final[dict[str, Command]] = {  # in the order of the menu
    "topup": Command(topup.topup, keys.Command.TOPUP),
    "balance": Command(balance, keys.Command.BALANCE),
    "cards": Command(cards.cards, keys.Command.CARDS),
    "recurring": Command(overview.subscriptions, keys.Command.RECURRING),
    "find": Command(finding.find, keys.Command.FIND),
    "invoices": Command(invoices.invoices, keys.Command.INVOICES),
    "history": Command(history.history, keys.Command.HISTORY),
    "export": Command(export.export, keys.Command.EXPORT),
    "org": Command(organization.organization, keys.Command.ORG),
    "members": Command(members.members, keys.Command.MEMBERS),
    "invite": Command(invite.invite, keys.Command.INVITE),
    "group": Command(groups.explain_groups, keys.Command.GROUP),
    "start": Command(start.start, keys.Command.START),
    "settings": Command(menu.settings, keys.Command.SETTINGS),
    "language": Command(menu.language, keys.Command.LANGUAGE),
    "help": Command(start.show_help, keys.Command.HELP),
    "paysupport": Command(start.paysupport, keys.Command.PAYSUPPORT),
    "privacy": Command(show_privacy, keys.Command.PRIVACY),
    "terms": Command(show_terms, keys.Command.TERMS),
    "unlink": Command(link.unlink, keys.Command.UNLINK),
    "cancel": Command(start.cancel, keys.Command.CANCEL),
}
# By the pattern of a button's data.
TAPS: Final[dict[str, Handler]] = {
    "forget": start.forget_tapped,
    "topup": topup.topup,
    "organizations(:(?P<page>[0-9]{1,4}))?": topup.other_organization_tapped,
    f"amounts:{WALLET}": topup.organization_tapped,
    f"other:{WALLET}": topup.other_amount_tapped,
    f"pay:{WALLET}:{AMOUNT}": topup.amount_tapped,
    f"page:{WALLET}:{AMOUNT}": topup.page_tapped,
    "balance(:(?P<page>[0-9]{1,4}))?": balance,
    f"check:{PAYMENT}": taps.check_tapped,
    f"cancel:{PAYMENT}": taps.cancel_tapped,
    f"again:{PAYMENT}": taps.again_tapped,
    f"(receipt|open):{PAYMENT}": opening.open_tapped,
    f"stop:{PAYMENT}": opening.cancel_opened_tapped,
    f"steps:{PAYMENT}": timeline.steps_tapped,
    f"steps_again:{PAYMENT}": timeline.steps_again_tapped,
    f"find:(?P<direction>[on])(?P<payment>{PACKED}):(?P<text>[^\\n]{{1,35}})": finding.page_tapped,
    f"refund:{PAYMENT}": refunds.refund_tapped,
    f"refund_other:{PAYMENT}": refunds.other_tapped,
    f"bills:(?P<organization>{PACKED}):{CURSOR}": invoices.invoices,
    f"subs:{ORGANIZATION}(:(?P<page>[0-9]{{1,4}}))?": overview.subscriptions,
    f"sub_new:{ORGANIZATION}:{INTERVAL}": subscription_start.new_tapped,
    f"(begin|go_(?P<how>link)):{START}": subscription_start.start_tapped,
    f"sub_look:{SUBSCRIPTION}": subscription_changes.view_tapped,
    f"sub_change:{SUBSCRIPTION}": subscription_changes.change_tapped,
    f"sub_end:{SUBSCRIPTION}": subscription_changes.end_tapped,
    f"cards:{ORGANIZATION}": cards.cards,
    f"card:{CARD}": cards.card_tapped,
    f"label_card:{CARD}": method_changes.label_tapped,
    f"remove_card:{CARD}": method_changes.remove_tapped,
    f"keep_card:{CARD}": method_changes.keep_tapped,
    f"add_card:{ORGANIZATION}": method_links.add_tapped,
    f"check_link:(?P<link>{UUID})": method_links.check_link_tapped,
    f"portal:{ORGANIZATION}": method_links.portal_tapped,
    "settings(:(?P<page>quiet|timezone|language))?": menu.settings,
    rf"set:{SETTING}:(?P<value>[\w:/+-]{{1,40}})": menu.choice_tapped,
    "ask_setting:(?P<name>quiet|timezone)": menu.other_tapped,
    "org(:(?P<page>[0-9]{1,4}))?": organization.organization,
    "new_org": organization.new_tapped,
    f"use:{ORGANIZATION}": organization.use_tapped,
    f"rename:{ORGANIZATION}": organization.rename_tapped,
    f"books:{ORGANIZATION}": accounting.accounting_tapped,
    rf"books_zone:{ORGANIZATION}:(?P<zone>[\w/+-]{{1,20}})": accounting.zone_tapped,
    f"books_other:{ORGANIZATION}": accounting.other_zone_tapped,
    f"billing:{ORGANIZATION}": billing.billing_tapped,
    f"billing_change:{ORGANIZATION}": billing.change_tapped,
    f"billing_remove:{ORGANIZATION}": billing.remove_tapped,
    f"leave:{ORGANIZATION}": organization.leave_tapped,
    f"leave_now:{ORGANIZATION}": organization.leave_now_tapped,
    f"members:{ORGANIZATION}:(?P<page>[0-9]{{1,4}})": members.members,
    f"member:{PERSON}": members.member_tapped,
    f"ask:{PERSON}:(?P<change>owner|removed)": members.confirm_tapped,
    f"change:{PERSON}:(?P<change>owner|admin|member|removed)": members.change_tapped,
    f"invite:{OFFER}": invite.offer_tapped,
    f"make_link:{OFFER}": invite.make_link_tapped,
    f"revoke:(?P<organization>{PACKED}):(?P<invitation>{PACKED})": invite.revoke_tapped,
    f"invitations:{ORGANIZATION}": invitations.invitations_tapped,
    f"revoke_listed:(?P<organization>{PACKED}):(?P<invitation>{PACKED})": (
        invitations.revoke_listed_tapped
    ),
    f"audit:(?P<organization>{PACKED}):(?P<cursor>[0-9]{{1,18}}|)": audit_log.audit_log_tapped,
    f"link:(?P<code>{link.CODE})": link.link_tapped,
    "unlink": link.unlink_tapped,
    f"past:(?P<organization>{PACKED}):(?P<currency>[a-z]{{3}}|):{CURSOR}": history.page_tapped,
    f"export:{ORGANIZATION}:(?P<month>[0-9]{{4}}-[0-9]{{2}}|)(:(?P<form>plain|semicolons))?": (
        export.export
    ),
}
# Taps that move money or bind it: see `bot/telegram/money_taps.py`.
MONEY_TAPS: Final = {
    f"with:{CARD}:(?P<currency>[a-z]{{3}}):{AMOUNT}": MoneyTap(
        charges.charge_tapped, charges.charge_tapped_late
    ),
    f"refund_now:{PAYMENT}:{AMOUNT}": MoneyTap(
        refunds.confirmed_tapped, refunds.confirmed_tapped_late
    ),
    f"go_{METHOD_WAY}:{START}": MoneyTap(
        subscription_start.start_tapped, subscription_start.start_tapped_late
    ),
    f"sub_pause:{SUBSCRIPTION}": MoneyTap(
        subscription_changes.pause_tapped, subscription_changes.pause_tapped_late
    ),
    f"sub_resume:{SUBSCRIPTION}": MoneyTap(
        subscription_changes.resume_tapped, subscription_changes.resume_tapped_late
    ),
    f"sub_keep:{SUBSCRIPTION}": MoneyTap(
        subscription_changes.keep_tapped, subscription_changes.keep_tapped_late
    ),
    f"sub_end_now:{SUBSCRIPTION}": MoneyTap(
        subscription_changes.end_now_tapped, subscription_changes.end_now_tapped_late
    ),
    f"to:{SUBSCRIPTION}:{AMOUNT}": MoneyTap(
        subscription_changes.amount_tapped, subscription_changes.amount_tapped_late
    ),
    f"default_card:{CARD}": MoneyTap(
        method_changes.default_tapped, method_changes.default_tapped_late
    ),
    f"remove_card_now:{CARD}": MoneyTap(
        method_changes.remove_now_tapped, method_changes.remove_now_tapped_late
    ),
}
# The same for everybody, and nobody's secret: in groups too, also for anonymous administrators.
PUBLIC_COMMANDS: Final[dict[str, Handler]] = {"privacy": show_privacy, "terms": show_terms}
GROUP_COMMANDS: Final[dict[str, Handler]] = {
    **dict.fromkeys(COMMANDS, groups.redirect_to_private),
    **PUBLIC_COMMANDS,
    "balance": groups.show_balance,
    "group": groups.show_group,
    "start": groups.show_group,
}
GROUP_TAPS: Final[dict[str, Handler]] = {
    f"tie(:{ORGANIZATION})?": group_ties.tie_tapped,
    "tie_page:(?P<page>[0-9]{1,4})": group_ties.tie_page_tapped,
    "group": group_ties.settings_tapped,
    f"untie:{ORGANIZATION}": group_ties.untie_tapped,
    f"{DECISION}:{ORGANIZATION}": group_ties.decision_tapped,
}
PRIVATE: Final = ChatType.PRIVATE & UpdateType.MESSAGE & ~StatusUpdate.ALL
GROUP: Final = ChatType.GROUPS & UpdateType.MESSAGE
HANDLERS: Final[list[ext.BaseHandler[Any, BotContext, None]]] = [
    ext.MessageHandler(UpdateType.MESSAGE & HasCardNumber(), on_message(warn_of_card_number)),
    ext.ChatMemberHandler(presence_changed, ext.ChatMemberHandler.MY_CHAT_MEMBER),
    ext.MessageHandler(GROUP & StatusUpdate.MIGRATE, groups.group_migrated),
    ext.CommandHandler(
        COMMANDS.keys() - PUBLIC_COMMANDS.keys(),
        on_message(groups.answer_anonymous),
        GROUP & SenderChat.ALL,
    ),
    *(
        ext.CommandHandler(name, on_message(handle), GROUP)
        for name, handle in GROUP_COMMANDS.items()
    ),
    ext.CommandHandler("cancel", on_text(start.cancel), PRIVATE),
    *(
        ext.CommandHandler(name, on_command(command.handle), PRIVATE)
        for name, command in COMMANDS.items()
    ),
    ext.MessageHandler(PRIVATE & TEXT & ~COMMAND, on_text(start.text_written)),
    ext.MessageHandler(PRIVATE, on_message(start.explain_commands)),
    *(ext.CallbackQueryHandler(on_tap(handle), rf"{data}\Z") for data, handle in TAPS.items()),
    *(
        ext.CallbackQueryHandler(on_money_tap(tap), rf"{data}\Z")
        for data, tap in MONEY_TAPS.items()
    ),
    *(
        ext.CallbackQueryHandler(on_tap(handle, GROUPS), rf"{data}\Z")
        for data, handle in GROUP_TAPS.items()
    ),
    ext.CallbackQueryHandler(on_tap(explain_old_button)),
]
