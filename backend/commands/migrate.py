"""`python -m backend migrate`: apply the migrations that a database lacks."""

import argparse

from backend.commands.command import Command
from backend.database import migrations
from backend.settings import DatabaseSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the option for a plain PostgreSQL, which lacks Supabase's roles."""
    parser.add_argument(
        "--create-roles", action="store_true", help="make Supabase's roles on a plain Postgres"
    )


async def run(arguments: argparse.Namespace) -> None:
    """Apply what is pending, and print a line for each file."""
    url = DatabaseSettings.from_environment().supabase_db_url.get_secret_value()
    lines = await migrations.migrate(url, create_roles=arguments.create_roles)
    print("\n".join(lines) or "The database is up to date.")


COMMAND = Command("bring the database up to date", run, add_arguments)
