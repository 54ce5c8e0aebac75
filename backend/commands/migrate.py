"""`python -m backend migrate`: bring the database up to date."""

import argparse

from backend.commands.command import Command
from backend.database import migrations
from backend.settings import DatabaseSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a plain PostgreSQL needs, which is none of Supabase's."""
    parser.add_argument(
        "--create-roles", action="store_true", help="make Supabase's roles on a plain Postgres"
    )


async def run(arguments: argparse.Namespace) -> None:
    """Apply what is missing, and print a line for each file."""
    url = DatabaseSettings.from_environment().supabase_db_url.get_secret_value()
    lines = await migrations.migrate(url, create_roles=arguments.create_roles)
    print("\n".join(lines) or "The database is up to date.")


COMMAND = Command("bring the database up to date", run, add_arguments)
