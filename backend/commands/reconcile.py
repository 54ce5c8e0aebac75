"""`python -m backend reconcile`: reconcile everything open with Stripe, once."""

import argparse
import json

from backend.commands.command import Command
from backend.settings import Settings


async def run(_arguments: argparse.Namespace) -> None:
    """Reconcile, and print how many of each kind there were."""
    from backend.opening import open_services
    from backend.stripe import reconcile

    async with open_services(Settings.from_environment()) as services:
        print(json.dumps(await reconcile.reconcile_all(services)))


COMMAND = Command("ask Stripe about everything open, once", run)
