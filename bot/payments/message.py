"""A payment as people see it: the text and the buttons for every state it can be in."""

from typing import Final

from telegram import InlineKeyboardButton

from backend.schemas import Payment
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Fact, Translator
from bot.organizations.membership import balance_button, debt_of
from bot.telegram.screens import Row, Screen, button, fits_a_button

# Flows in which the payer chooses, on a page, how to pay; a bank transfer is theirs to send.
CHOSEN_ON_A_PAGE: Final = ("checkout", "intent")
# Of a refund: out of the wallet, but not with the payer.
ON_ITS_WAY: Final = ("pending", "requires_action")


def payment_screen(payment: Payment, translator: Translator) -> Screen:
    """Return the message of the payment itself, which changes in place."""
    facts = payment_facts(payment, translator)
    text = "\n".join(translator.html(key, **facts) for key in payment_keys(payment))
    if is_being_checked(payment):
        return Screen(text)  # nobody should pay again before this is cleared up
    return Screen(text, payment_rows(payment, translator))


def receipt_screen(payment: Payment, translator: Translator) -> Screen:
    """Return what happened, to keep or to pass on; only a payment that succeeded has a receipt."""
    paid_at = payment.paid_at or payment.succeeded_at or payment.created_at
    facts = payment_facts(payment, translator)
    facts |= {"day": translator.day_of(paid_at), "time": paid_at}
    receipt_keys = (keys.Receipt.TEXT, *requested_keys(payment), *clawback_keys(payment))
    text = "\n".join(translator.html(key, **facts) for key in receipt_keys)
    return Screen(text)


def credited_screen(payment: Payment, translator: Translator) -> Screen:
    """Return what another member reads when money was added."""
    key = keys.Credit.INVOICE if payment.flow == "invoice" else keys.Credit.TEXT
    facts = payment_facts(payment, translator)
    credit_keys = (key, *requested_keys(payment), *balance_keys(payment))
    text = "\n".join(translator.html(each, **facts) for each in credit_keys)
    receipt = payment_button(keys.Button.RECEIPT, "receipt", payment, translator)
    return Screen(text, ((balance_button(translator), receipt),))


def requested_keys(payment: Payment) -> list[Key]:
    """Return that less was credited than requested, where that is so."""
    is_less = payment.requested and payment.money.amount_minor < payment.requested.amount_minor
    return [keys.Credit.LESS] if is_less else []


def is_being_checked(payment: Payment) -> bool:
    """Return whether money arrived for it that is not credited, and is being checked."""
    return payment.under_review is not None and payment.status != "succeeded"


def payment_keys(payment: Payment) -> list[Key]:
    """Return the sentences of the payment's message, from top to bottom."""
    if is_being_checked(payment):
        return [review_key(payment), keys.Payment.REFERENCE]
    chosen = [*decline_keys(payment), status_key(payment)]
    if payment.status == "pending" and payment.url and not fits_a_button(payment.url):
        is_charge = payment.flow == "charge"
        chosen.append(keys.Charge.LINK if is_charge else keys.Payment.LINK)
    if payment.funded:
        chosen.append(keys.Payment.FUNDED)
    elif payment.status == "processing" and payment.flow in CHOSEN_ON_A_PAGE:
        chosen.append(keys.Payment.TRANSFER)
    if payment.debt:
        chosen.append(keys.Payment.DEBT)
    if payment.status == "succeeded":
        chosen += clawback_keys(payment) or balance_keys(payment)
    if payment.under_review:
        chosen.append(review_key(payment))
    return [*chosen, keys.Payment.REFERENCE]


def review_key(payment: Payment) -> Key:
    """Return why money of this payment is being checked."""
    return keys.REVIEWS.get(payment.under_review or "", keys.Review.UNCLEAR)


def decline_keys(payment: Payment) -> list[Key]:
    """Return why the last try failed: on the page that is still open, or of the saved card."""
    code = payment.last_decline
    if code and payment.status == "pending":
        return [keys.DECLINES.get(code, keys.Decline.CARD_DECLINED)]
    if payment.flow == "charge" and payment.status == "failed":
        return [keys.CHARGE_DECLINES.get(code or "", keys.Charge.CARD_DECLINED)]
    return []


def status_key(payment: Payment) -> Key:
    """Return the sentence of the payment's status."""
    if payment.flow == "charge" and payment.status in keys.CHARGE_MESSAGES:
        return keys.CHARGE_MESSAGES[payment.status]
    return keys.PAYMENT_MESSAGES[payment.status]


def clawback_keys(payment: Payment) -> list[Key]:
    """Return what went back of the payment, or may: refunds, then the dispute."""
    chosen = []
    if payment.refunded and payment.refunded.amount_minor:
        is_whole = payment.refunded.amount_minor >= payment.money.amount_minor
        if any(refund.status in ON_ITS_WAY for refund in payment.refunds):
            whole, partly = keys.Payment.REFUNDED_PENDING, keys.Payment.PARTLY_REFUNDED_PENDING
        else:
            whole, partly = keys.Payment.REFUNDED, keys.Payment.PARTLY_REFUNDED
        chosen.append(whole if is_whole else partly)
    if payment.dispute_status:
        chosen.append(keys.DISPUTE_STATUSES.get(payment.dispute_status, keys.DisputeStatus.OTHER))
    return chosen


def balance_keys(payment: Payment) -> list[Key]:
    """Return what the wallet has by this payment, or owes; not after something of it went back."""
    if payment.balance is None or payment.refunds or payment.disputes:
        return []
    return [keys.Payment.OWED if debt_of(payment.balance) else keys.Payment.BALANCE]


def payment_facts(payment: Payment, translator: Translator) -> dict[str, Fact]:
    """Return what the sentences about a payment name. What there is not, is left out."""
    facts: dict[str, Fact] = {
        "organization": payment.organization_name,
        "payer": payment.paid_by or translator.text(keys.Payment.SOMEBODY),
        "amount": payment.money,
        "until": payment.expires_at,
        "reference": payment.reference,
        "url": payment.url or "",
        "card": payment.paid_with or translator.text(keys.Charge.CARD),
    }
    if payment.debt:
        facts["debt"] = payment.debt
    if payment.funded:
        facts["funded"] = payment.funded
    if payment.requested:
        facts["requested"] = payment.requested
    if payment.refunded:
        facts["refunded"] = payment.refunded
    if payment.balance:
        facts["balance"] = debt_of(payment.balance) or payment.balance
    return facts


def payment_rows(payment: Payment, translator: Translator) -> tuple[Row, ...]:
    """Return the buttons under the payment's message, row by row."""
    check = payment_button(keys.Button.CHECK, "check", payment, translator)
    match payment.status:
        case "created":
            return ((check,),) if payment.flow == "charge" else ()
        case "pending":
            cancel = payment_button(keys.Button.CANCEL, "cancel", payment, translator)
            return (*pay_rows(payment, translator), (check, cancel))
        case "processing":
            return ((check,),)
        case "succeeded":
            receipt = payment_button(keys.Button.RECEIPT, "receipt", payment, translator)
            topup = button(translator.text(keys.Button.TOPUP), "topup")
            return ((receipt, topup), *refund_rows(payment, translator))
        case "failed" | "expired" | "canceled":
            is_charge = payment.flow == "charge"
            key = keys.Button.AGAIN_CHARGE if is_charge else keys.Button.AGAIN
            return ((payment_button(key, "again", payment, translator),),)


def pay_rows(payment: Payment, translator: Translator) -> tuple[Row, ...]:
    """Return the button to the page to pay on, where there is one that fits a button."""
    if not payment.url or not fits_a_button(payment.url):
        return ()
    key = keys.Button.PAY_CHARGE if payment.flow == "charge" else keys.Button.PAY
    label = translator.text(key, amount=payment.money)
    return ((InlineKeyboardButton(label, url=payment.url),),)


def refund_rows(payment: Payment, translator: Translator) -> tuple[Row, ...]:
    """Return the button that refunds a payment, where something of it can go back."""
    if not payment.refundable or not payment.refundable.amount_minor:
        return ()
    return ((payment_button(keys.Button.REFUND, "refund", payment, translator),),)


def payment_button(
    key: Key, action: str, payment: Payment, translator: Translator
) -> InlineKeyboardButton:
    """Return a button that does something with this payment."""
    return button(translator.text(key), f"{action}:{payment.id.hex}")
