"""Keys of commands, buttons, notices, and of sentences that belong to no noun."""

from typing import Final

from bot.locales.key import Key


class Command:
    """Descriptions of commands in the menu."""

    INVOICES: Final = Key("command.invoices")
    RECURRING: Final = Key("command.recurring")
    TOPUP: Final = Key("command.topup")
    FIND: Final = Key("command.find")
    BALANCE: Final = Key("command.balance")
    HISTORY: Final = Key("command.history")
    EXPORT: Final = Key("command.export")
    GROUP: Final = Key("command.group")
    ORG: Final = Key("command.org")
    MEMBERS: Final = Key("command.members")
    INVITE: Final = Key("command.invite")
    START: Final = Key("command.start")
    SETTINGS: Final = Key("command.settings")
    LANGUAGE: Final = Key("command.language")
    HELP: Final = Key("command.help")
    PAYSUPPORT: Final = Key("command.paysupport")
    PRIVACY: Final = Key("command.privacy")
    TERMS: Final = Key("command.terms")
    UNLINK: Final = Key("command.unlink")
    CANCEL: Final = Key("command.cancel")
    CARDS: Final = Key("command.cards")
    CARDS_MEMBER: Final = Key("command.cards_member")
    SUBSCRIPTIONS_MEMBER: Final = Key("command.recurring_member")
    FIND_MEMBER: Final = Key("command.find_member")


class Button:
    """Labels of buttons."""

    WEEKLY: Final = Key("button.weekly")
    MONTHLY: Final = Key("button.monthly")
    PACKAGE: Final = Key("button.package", "name", "amount")
    SUBSCRIPTION: Final = Key("button.subscription", "amount", "interval")
    BY_LINK: Final = Key("button.by_link")
    END_NOW: Final = Key("button.end_now")
    CHANGE_TO: Final = Key("button.change_to", "new")
    LINK: Final = Key("button.link")
    UNLINK: Final = Key("button.unlink")
    TOP_UP: Final = Key("button.top_up")
    TOPUP: Final = Key("button.topup")
    BALANCE: Final = Key("button.balance")
    AMOUNT: Final = Key("button.amount", "amount")
    ORGANIZATION: Final = Key("button.organization", "organization")
    OTHER_AMOUNT: Final = Key("button.other_amount")
    OTHER_WALLET: Final = Key("button.other_wallet", "currency")
    PAY: Final = Key("button.pay", "amount")
    PAY_WITH: Final = Key("button.pay_with", "card")
    PAYMENT_PAGE: Final = Key("button.payment_page")
    PAY_CHARGE: Final = Key("button.pay_charge")
    AGAIN_CHARGE: Final = Key("button.again_charge")
    CHECK: Final = Key("button.check")
    CANCEL: Final = Key("button.cancel")
    AGAIN: Final = Key("button.again")
    RECEIPT: Final = Key("button.receipt")
    REFUND: Final = Key("button.refund")
    NEWER: Final = Key("button.newer")
    OLDER: Final = Key("button.older")
    OPEN_PAYMENTS: Final = Key("button.open_payments")
    MOVEMENTS: Final = Key("button.movements")
    PAYMENT: Final = Key("button.payment", "time", "amount")
    PAYMENT_OF_DAY: Final = Key("button.payment_of_day", "day", "amount")
    TIMELINE: Final = Key("button.timeline")
    STRIPE_RECEIPT: Final = Key("button.stripe_receipt")
    EXPORT: Final = Key("button.export")
    PLAIN_FILE: Final = Key("button.plain_file")
    SEMICOLON_FILE: Final = Key("button.semicolon_file")
    MONTH: Final = Key("button.month", "month")
    PRIVATE: Final = Key("button.private")
    CHOSEN: Final = Key("button.chosen", "choice")
    NOT_CHOSEN: Final = Key("button.not_chosen", "choice")
    QUIET: Final = Key("button.quiet")
    TIMEZONE: Final = Key("button.timezone")
    OTHER: Final = Key("button.other")
    LANGUAGE: Final = Key("button.language")
    AS_IN_TELEGRAM: Final = Key("button.as_in_telegram")
    BACK: Final = Key("button.back")
    TIE: Final = Key("button.tie")
    UNTIE: Final = Key("button.untie")
    ANOTHER_ORGANIZATION: Final = Key("button.another_organization")
    NEW_ORGANIZATION: Final = Key("button.new_organization")
    USE: Final = Key("button.use", "organization")
    MEMBERS: Final = Key("button.members")
    INVITE: Final = Key("button.invite")
    INVITATIONS: Final = Key("button.invitations")
    REVOKE_ONE: Final = Key("button.revoke_one", "number")
    AUDIT_LOG: Final = Key("button.audit_log")
    NEWEST: Final = Key("button.newest")
    RENAME: Final = Key("button.rename")
    BOOKS: Final = Key("button.books")
    BILLING: Final = Key("button.billing")
    CHANGE_EMAIL: Final = Key("button.change_email")
    REMOVE_EMAIL: Final = Key("button.remove_email")
    LEAVE: Final = Key("button.leave")
    PEOPLE: Final = Key("button.people", "count")
    MAKE_LINK: Final = Key("button.make_link")
    REVOKE: Final = Key("button.revoke")
    CARDS: Final = Key("button.cards")
    ADD_CARD: Final = Key("button.add_card")
    DEFAULT_CARD: Final = Key("button.default_card")
    LABEL_CARD: Final = Key("button.label_card")
    REMOVE_CARD: Final = Key("button.remove_card")
    KEEP_CARD: Final = Key("button.keep_card")
    PORTAL: Final = Key("button.portal")


class Start:
    """Sentences of /start."""

    HELLO: Final = Key("start.hello", "name")
    ORGANIZATIONS: Final = Key("start.organizations", "count")
    NEXT: Final = Key("start.next")
    TOPUPS_OFF: Final = Key("start.topups_off")
    NEXT_MEMBER: Final = Key("start.next_member", "role")
    STRANGER: Final = Key("start.stranger")
    GROUP: Final = Key("start.group")


class Help:
    """Sentences of /help and /paysupport."""

    TITLE: Final = Key("help.title")
    COMMAND: Final = Key("help.command", "name", "what")
    END: Final = Key("help.end")
    PAYSUPPORT: Final = Key("help.paysupport")
    PAYSUPPORT_MEMBER: Final = Key("help.paysupport_member")
    PAYSUPPORT_OWNER: Final = Key("help.paysupport_owner")
    NO_CONTACT: Final = Key("help.no_contact")
    CONTACT: Final = Key("help.contact", "contact")
    UNKNOWN: Final = Key("help.unknown")
    UNKNOWN_MEMBER: Final = Key("help.unknown_member")


class Legal:
    """Sentences in /privacy and /terms that are filled in."""

    NO_OPERATOR: Final = Key("legal.no_operator")
    NO_CONTACT: Final = Key("legal.no_contact")
    YOUR_NUMBER: Final = Key("legal.your_number", "number")


class Cancel:
    """Sentences of /cancel."""

    DONE: Final = Key("cancel.done")
    NOTHING: Final = Key("cancel.nothing")


class Notice:
    """Notices in reply to taps, which disappear by themselves."""

    PREPARING: Final = Key("notice.preparing")
    STILL_WAITING: Final = Key("notice.still_waiting")
    STILL_PROCESSING: Final = Key("notice.still_processing")
    ALREADY_PAID: Final = Key("notice.already_paid")
    OWNERS_ONLY: Final = Key("notice.owners_only")
    ADMINISTRATORS_ONLY: Final = Key("notice.administrators_only")
    ADMINISTRATORS_UNKNOWN: Final = Key("notice.administrators_unknown")
    LEFT: Final = Key("notice.left")
    TOO_OLD: Final = Key("notice.too_old")
    CARD_REMOVED: Final = Key("notice.card_removed")


class Delivery:
    """The sentence below news that come late."""

    HAPPENED: Final = Key("delivery.happened", "day", "time")


class LateTap:
    """The sentence above a question that is shown again after a late tap."""

    TOO_LATE: Final = Key("tap.too_late")
