"""`python -m backend reconcile`: ask Stripe about everything open, once."""

import argparse
import json

from backend.commands.command import Command
from backend.settings import Settings


async def run(_arguments: argparse.Namespace) -> None:
    """Print how many of each kind Stripe was asked about."""
    from backend.opening import open_services
    from backend.stripe import reconcile

    async with open_services(Settings.from_environment()) as services:
        print(json.dumps(await reconcile.reconcile_all(services)))


COMMAND = Command("ask Stripe about everything open, once", run)
