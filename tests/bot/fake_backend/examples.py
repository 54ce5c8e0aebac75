"""Examples of the backend's answers, which tests change: payments, notifications, ..."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from backend import schemas
from backend.schemas import Limits, Membership, Money, Notification, Payment, Statement, Transaction

SECRET = "a made-up secret of 32 characters!"
ACME, GLOBEX = UUID(int=0xAC), UUID(int=0x61)
ANA, BEN, EVE = 1001, 1002, 1003
LINK = "https://pay.example.com/cs_test_1"
NOON = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)


def euros(minor: int) -> Money:
    """Return an amount of euros from cents."""
    return Money(amount=f"{minor / 100:.2f}", amount_minor=minor, currency="eur")


def membership(organization: UUID, name: str, role: schemas.Role, *currencies: str) -> Membership:
    """Return a membership with a wallet in euros and in the zero-decimal `currencies`."""
    limits = Limits(minimum="0.50", maximum="10000.00", currency="eur")
    wallets = [schemas.Wallet(balance=euros(1234), limits=limits)]
    for code in currencies:
        balance = Money(amount="1234", amount_minor=1234, currency=code)
        limits = Limits(minimum="50", maximum="99999999", currency=code)
        wallets.append(schemas.Wallet(balance=balance, limits=limits))
    accounting = schemas.Accounting(month=f"{datetime.now(UTC):%Y-%m}", time_zone="UTC")
    return Membership(
        organization_id=organization,
        organization_name=name,
        role=role,
        accounting=accounting,
        wallets=wallets,
    )


def payment(**changed: Any) -> Payment:
    """Return a payment of EUR 50 to Acme by Ana, its link open, with changes."""
    facts: dict[str, Any] = {
        "id": uuid4(),
        "reference": "AB12",
        "organization_id": ACME,
        "organization_name": "Acme",
        "paid_by": "Ana",
        "money": euros(5000),
        "status": "pending",
        "url": LINK,
        "expires_at": NOON,
        "last_decline": None,
        "under_review": None,
        "balance": None,
        "created_at": NOON,
        "succeeded_at": None,
    }
    return Payment(**facts | changed)


def refund(payment_id: UUID, money: Money, **changed: Any) -> schemas.Refund:
    """Return a refund by Ana that succeeded, with changes."""
    facts: dict[str, Any] = {
        "id": uuid4(), "payment_id": payment_id, "money": money, "status": "succeeded",
        "reason": None, "failure": None, "refunded_by": "Ana", "created_at": NOON,
    }  # fmt: skip
    return schemas.Refund(**facts | changed)


def subscription(**changed: Any) -> schemas.Subscription:
    """Return a subscription of EUR 25 a month, not started, with a link, and with changes."""
    facts: dict[str, Any] = {
        "id": uuid4(), "organization_id": ACME, "organization_name": "Acme", "money": euros(2500),
        "interval": "month", "package": None, "status": "incomplete", "url": LINK,
        "started_by": "Ana", "current_period_end": None, "created_at": NOON,
    }  # fmt: skip
    return schemas.Subscription(**facts | changed)


def notification(shown: Payment, **changed: Any) -> Notification:
    """Return a notification of a payment for a new message in Ana's chat, with changes."""
    facts: dict[str, Any] = {
        "id": 1,
        "claim": uuid4(),
        "kind": "payment_shown",
        "chat_id": ANA,
        "message_id": None,
        "language": "en",
        "time_zone": "UTC",
        "silent": False,
        "repeat": False,
        "payment": shown,
        "facts": {},
    }
    return Notification(**facts | changed)


def topups(*moments: str) -> list[Transaction]:
    """Return Ana's top-ups of EUR 50 at these moments, the oldest first."""
    return [
        Transaction.model_validate(
            {
                "kind": "topup",
                "money": euros(5000),
                "balance": euros(5000 * seq),
                "payment_id": uuid4(),
                "reference": "AB12",
                "paid_by": "Ana",
                "created_at": moment,
            }
        )
        for seq, moment in enumerate(moments, start=1)
    ]


def statement(month: str, **changed: object) -> Statement:
    """Return a month in which EUR 50 was added to EUR 10, with changes."""
    facts = {
        "organization_name": "Acme",
        "month": month,
        "time_zone": "UTC",
        "opening": euros(1000),
        "closing": euros(6000),
        "movements": 1,
        "empty": None,
        "file_name": f"acme-{month}-eur.csv",
        "csv": f'\ufeffWhat,When\r\n"Top-up",{NOON.year}\r\n',
    }
    return Statement.model_validate(facts | changed)
