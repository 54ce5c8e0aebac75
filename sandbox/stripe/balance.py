"""What Stripe's own books say: a balance transaction for whatever moves the account's balance.

They are in the currency in which a charge is paid out. That is its own, unless the fault
`settlement` named another when it was paid, and then everything is converted at the rate of its day
(docs.stripe.com/api/balance_transactions/object). `amount` is gross; `fee` is what Stripe keeps.
"""

import time
from collections.abc import Callable

from sandbox.store import Json, Store
from sandbox.stripe.faults import StripeFaults
from sandbox.stripe.objects import CURRENCIES, FEES, RATES, made


class Books:
    """The account's. `refunded` and what follows are `money` in the table of clawbacks.

    They answer whether money moved; `amount` is what a person named for that step.
    """

    def __init__(self, store: Store, faults: StripeFaults) -> None:
        self._store, self._faults = store, faults

    def rate(self, currency: str, into: str) -> float:
        """What one whole unit of the one is in the other."""
        today = RATES | self._faults.rates
        return round(today[currency] / today[into], 6)

    def converted(self, amount: int, currency: str, into: str) -> int:
        """An amount of the one in the charge unit of the other."""
        units = 10.0 ** int(CURRENCIES[into]["digits"] - CURRENCIES[currency]["digits"])
        return round(amount * self.rate(currency, into) * units)

    def book(
        self, source: Json, into: str, type: str, category: str, amount: int, fee: str = ""
    ) -> Json:
        """One movement: `amount` in the object's currency, booked in the currency `into`."""
        currency = source["currency"]
        moved = self.converted(amount, currency, into)
        exchange = None if currency == into else self.rate(currency, into)
        unit = 10 ** CURRENCIES[into]["digits"]
        kept = round(FEES[fee] * unit) if fee else 0
        if fee == "charge":
            kept += round(moved * FEES["charge_percent"] / 100)
        charged = {"amount": kept, "application": None, "currency": into, "type": "stripe_fee"}
        facts = {
            "amount": moved,
            "currency": into,
            "rate": exchange,
            "fee": kept,
            "fees": [{**charged, "description": "Stripe processing fees"}] if kept else [],
            "net": moved - kept,
            "type": type,
            "category": category,
            "source": source["id"],
            "description": source.get("description"),
            "now": int(time.time()),
        }
        transaction = made("balance_transaction", facts)
        self._store.put("balance_transaction", transaction["id"], transaction)
        return transaction

    def charged(self, charge: Json) -> None:
        """A charge that succeeded. Its event came before: it has no transaction yet.

        https://docs.stripe.com/payments/payment-intents/asynchronous-capture
        """
        if charge["paid"] and charge["balance_transaction"] is None:
            into = self._faults.settlement or charge["currency"]
            booked = self.book(charge, into, "charge", "charge", charge["amount"], "charge")
            charge["balance_transaction"] = booked["id"]
            self._store.put("charge", charge["id"], charge)

    def paid_out(self, charge: Json) -> str:
        """The currency in which a charge's money is, and so what is taken from it."""
        booked = self._store.get("balance_transaction", charge["balance_transaction"]) or charge
        return str(booked["currency"])

    def refunded(self, refund: Json, charge: Json, amount: int) -> bool:
        """The refund leaves the balance as it is made, whenever it arrives."""
        booked = self.book(refund, self.paid_out(charge), "refund", "refund", -refund["amount"])
        refund["balance_transaction"] = booked["id"]
        return True

    def refund_failed(self, refund: Json, charge: Json, amount: int) -> bool:
        """It comes back."""
        booked = self.book(
            refund, self.paid_out(charge), "refund_failure", "refund_failure", refund["amount"]
        )
        refund["failure_balance_transaction"] = booked["id"]
        return True

    def withdrawn(self, dispute: Json, charge: Json, amount: int) -> bool:
        """What is disputed leaves the balance, and a fee beside it."""
        return self._disputed(dispute, charge, -dispute["amount"], "dispute")

    def withdrawn_without_fee(self, dispute: Json, charge: Json, amount: int) -> bool:
        """What the payer is given before it comes to a dispute."""
        return self._disputed(dispute, charge, -dispute["amount"])

    def reinstated(self, dispute: Json, charge: Json, amount: int) -> bool:
        """All that was disputed comes back; the fee does not."""
        return self._disputed(dispute, charge, dispute["amount"])

    def refunded_part_reinstated(self, dispute: Json, charge: Json, amount: int) -> bool:
        """Nobody pays twice: what is disputed beyond what is left of the charge comes back."""
        own, other = charge["currency"], dispute["currency"]
        back = self.converted(charge["amount_refunded"], own, other)
        left = self.converted(charge["amount"] - charge["amount_refunded"], own, other)
        more = min(max(dispute["amount"] - left, 0), back)
        return more > 0 and self._disputed(dispute, charge, more)

    def adjusted(self, dispute: Json, charge: Json, amount: int) -> bool:
        """A difference between two rates is made good, in the currency of the balance."""
        into = self.paid_out(charge)
        about = {**dispute, "currency": into}
        booked = self.book(about, into, "adjustment", "other_adjustment", amount)
        dispute["balance_transactions"].append(booked)
        return True

    def _disputed(self, dispute: Json, charge: Json, amount: int, fee: str = "") -> bool:
        """Withdraw a disputed amount (below 0), or give it back."""
        into, category = self.paid_out(charge), "dispute" if amount < 0 else "dispute_reversal"
        booked = self.book(dispute, into, "adjustment", category, amount, fee)
        dispute["balance_transactions"].append(booked)
        return True


Movement = Callable[[Books, Json, Json, int], bool]
MOVEMENTS: dict[str, Movement] = {
    act.__name__: act
    for act in (
        Books.refunded,
        Books.refund_failed,
        Books.withdrawn,
        Books.withdrawn_without_fee,
        Books.reinstated,
        Books.refunded_part_reinstated,
        Books.adjusted,
    )
}
