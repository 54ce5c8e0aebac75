"""Screens, lines and labels of payment methods and of setup links."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from telegram import InlineKeyboardButton

from backend import schemas
from bot.locales import keys
from bot.locales.key import Key
from bot.locales.translator import Translator, short
from bot.telegram.screens import (
    Row,
    Screen,
    back_button,
    button,
    button_ids,
    packed,
    with_link_button,
)

LABEL_ON_BUTTON: Final = 20  # characters


def payment_method_screen(method: schemas.PaymentMethod, translator: Translator) -> Screen:
    """Return a payment method with its details, and a button for each change."""
    lines = [payment_method_line(method, translator)]
    if method.added_by:
        lines.append(translator.html(keys.PaymentMethods.ADDED_BY, name=short(method.added_by)))
    rows: list[Row] = []
    if not method.is_default:
        rows.append((method_button(keys.Button.DEFAULT_CARD, "default_card", method, translator),))
    rows.append((method_button(keys.Button.LABEL_CARD, "label_card", method, translator),))
    rows.append((method_button(keys.Button.REMOVE_CARD, "remove_card", method, translator),))
    rows.append((back_button(f"cards:{method.organization_id.hex}", translator),))
    return Screen("\n".join(lines), tuple(rows))


def method_button(
    key: Key, action: str, method: schemas.PaymentMethod, translator: Translator
) -> InlineKeyboardButton:
    """Return a button that acts on a payment method."""
    return button(translator.text(key), f"{action}:{button_ids(method)}")


def payment_method_line(method: schemas.PaymentMethod, translator: Translator) -> str:
    """Return a payment method in one line: name, label, whether it is the default, expiry.

    An expired one, or one that expires soon, is marked.
    """
    parts = [translator.html(keys.PaymentMethods.NAME, card=method.display_name)]
    if method.label:
        parts.append(translator.html(keys.PaymentMethods.LABELED, label=method.label))
    if method.is_default:
        parts.append(translator.html(keys.PaymentMethods.DEFAULT))
    if method.exp_month:
        until = f"{method.exp_month:02}/{method.exp_year}"
        parts.append(translator.html(expiry_key(method), until=until))
    return ", ".join(parts)


def expiry_key(method: schemas.PaymentMethod) -> Key:
    """Return the key of the sentence on when a payment method expires."""
    match method.standing:
        case "good":
            return keys.PaymentMethods.GOOD
        case "expiring":
            return keys.PaymentMethods.EXPIRING
        case "expired":
            return keys.PaymentMethods.EXPIRED


def payment_method_label(method: schemas.PaymentMethod) -> str:
    """Return a payment method's name for a button: "Visa •••• 4242, travel"."""
    if not method.label:
        return method.display_name
    return f"{method.display_name}, {short(method.label, LABEL_ON_BUTTON)}"


def payment_method_labels(methods: Sequence[schemas.PaymentMethod]) -> dict[UUID, str]:
    """Return the names of all methods for buttons beside each other, by the methods' ids.

    Two that would read alike have their expiry too: "Visa •••• 4242, 12/31".
    """
    labels = {method.id: payment_method_label(method) for method in methods}
    uses = Counter(labels.values())
    return {
        method.id: label_with_expiry(method) if uses[labels[method.id]] > 1 else labels[method.id]
        for method in methods
    }


def label_with_expiry(method: schemas.PaymentMethod) -> str:
    """Return a payment method's name for a button with its expiry, where it has one."""
    label = payment_method_label(method)
    if not method.exp_month or not method.exp_year:
        return label
    return f"{label}, {method.exp_month:02}/{method.exp_year % 100:02}"


def setup_link_screen(link: schemas.MethodLink, translator: Translator) -> Screen:
    """Return the message of a setup link, in each state of the link."""
    text = translator.html(
        keys.SETUP_LINKS[link.state],
        organization=short(link.organization_name),
        card=link.method.display_name if link.method else "",
        until=link.expires_at,
    )
    back = methods_button(link.organization_id, translator)
    if link.state != "open":
        return Screen(text, ((back,),))
    if link.last_decline:
        decline = keys.DECLINES.get(link.last_decline, keys.Decline.CARD_DECLINED)
        text = f"{translator.html(decline)}\n{text}"
    check = button(translator.text(keys.Button.CHECK), f"check_link:{link.link_id.hex}")
    return with_link_button(text, link.url, keys.Button.ADD_CARD, translator, (check, back))


def payment_method_notification_screen(
    notification: schemas.Notification, translator: Translator
) -> Screen:
    """Return the notification of a change of a payment method.

    Where its adder has left, the owners are asked whether it stays. The notification's facts are
    `organization_name`, `organization_id`, `happened`, `method_id`, `card` and, where a person did
    it, `name`.
    """
    facts = {name: short(str(value)) for name, value in notification.facts.items()}
    happened, organization_id = facts["happened"], UUID(facts["organization_id"])
    key = keys.PAYMENT_METHOD_NOTIFICATIONS[happened]
    if happened == "removed" and "name" not in facts:
        key = keys.PaymentMethodNotification.REMOVED_BY_ITSELF
    text = translator.html(key, **facts)
    if happened != "left":
        return Screen(text, ((methods_button(organization_id, translator),),))
    ids = f"{packed(organization_id)}:{packed(UUID(facts['method_id']))}"
    keep = button(translator.text(keys.Button.KEEP_CARD), f"keep_card:{ids}")
    remove = button(translator.text(keys.Button.REMOVE_CARD), f"remove_card:{ids}")
    return Screen(text, ((keep, remove),))


def methods_button(organization_id: UUID, translator: Translator) -> InlineKeyboardButton:
    """Return the button back to the organization's payment methods."""
    return button(translator.text(keys.Button.CARDS), f"cards:{organization_id.hex}")
