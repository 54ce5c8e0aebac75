"""What a use case needs."""

from dataclasses import dataclass, field

from backend.database import Database
from backend.metrics import Metrics
from backend.outbox import Bell
from backend.stripe_gateway import StripeGateway


@dataclass(frozen=True)
class Shop:
    """The database, Stripe, the bell for the outbox, what is counted.

    `repeated`: whoever asks comes again where what Stripe answered could not be applied.
    """

    database: Database
    stripe: StripeGateway
    bell: Bell = field(default_factory=Bell)
    metrics: Metrics = field(default_factory=Metrics)
    repeated: bool = False
