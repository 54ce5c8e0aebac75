"""Answers of the routes of payments; of payment methods and subscriptions it has none."""

import re

from backend import schemas
from tests.bot.fake_backend.examples import LINK, NOON, euros, notification, payment, refund
from tests.bot.fake_backend.server import Call, Refused
from tests.bot.fake_backend.state import State


class PaymentAnswers(State):
    """Payments by id; each new one is notified at once."""

    def create_checkout(self, call: Call) -> schemas.Checkout:
        """Create a payment, once for each key."""
        earlier = [request for key, request in self.checkouts if key == call.key]
        if earlier and earlier[0] != call.body:
            raise Refused("idempotency_key_reused")
        require_usable(call.body.amount)
        created = payment(money=euros(round(float(call.body.amount) * 100)))
        if not earlier:
            self.checkouts.append((call.key, call.body))
            self.payments[created.id] = created
            message = call.body.shown_in
            shown_in = message.model_dump() if message else {}
            self.outbox.put_nowait(notification(created, **shown_in))
        return schemas.Checkout(payment_id=created.id, url=LINK, expires_at=NOON)

    def get_payment(self, call: Call) -> schemas.Payment:
        """Return a payment."""
        return self.payments[call.id()]

    def get_receipt(self, call: Call) -> schemas.Receipt:
        """Return the receipt of a payment, of which Stripe has no page."""
        payment = self.payments[call.id()]
        return schemas.Receipt(payment=payment, url=None, pdf=None, card=payment.paid_with)

    def cancel_payment(self, call: Call) -> schemas.Payment:
        """Cancel a payment that is pending; return it."""
        if self.payments[call.id()].status == "pending":
            canceled = self.payments[call.id()].model_copy(update={"status": "canceled"})
            self.payments[call.id()] = canceled
        return self.payments[call.id()]

    def create_refund(self, call: Call) -> schemas.Refund:
        """Store the request of a refund; return one that succeeded."""
        self.refunds[call.key] = call.body
        return refund(call.id(), euros(round(float(call.body.amount or 0) * 100)))

    def list_payment_methods(self, call: Call) -> schemas.PaymentMethods:
        """Return an empty list."""
        return schemas.PaymentMethods(methods=[])

    def list_packages(self, call: Call) -> schemas.Packages:
        """Return an empty list."""
        return schemas.Packages(packages=[])

    def list_subscriptions(self, call: Call) -> schemas.Subscriptions:
        """Return an empty list."""
        return schemas.Subscriptions(subscriptions=[])


def require_usable(amount: str) -> None:
    """Raise Refused for an amount in euros as the backend does, as far as these tests need it."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", amount):
        raise Refused("amount_unreadable")
    if float(amount) < 0.5:
        raise Refused("amount_too_small", minimum="0.50", currency="eur")
    if float(amount) > 10_000:
        raise Refused("amount_too_large", maximum="10000.00", currency="eur")
    if len(amount.partition(".")[2]) > 2:
        raise Refused("amount_too_precise", step="0.01", currency="eur")
