"""The command line of the backend: `python -m backend [COMMAND]`; `serve` is the default.

Each command is a module of `backend/commands/`; `COMMANDS` lists them.
"""

import argparse
import asyncio
import sys

from backend.commands import (
    adjust,
    doctor,
    events,
    forget_stripe_account,
    invite_owner,
    migrate,
    packages,
    people,
    reconcile,
    serve,
)
from backend.commands.command import Command
from backend.database.migrations import MigrationError
from backend.errors import PursebotError
from backend.logs import configure_logs
from backend.settings import SettingsError

COMMANDS: dict[str, Command] = {
    "serve": serve.COMMAND,
    "migrate": migrate.COMMAND,
    "reconcile": reconcile.COMMAND,
    "invite-owner": invite_owner.COMMAND,
    "packages": packages.COMMAND,
    "people": people.COMMAND,
    "events": events.COMMAND,
    "doctor": doctor.COMMAND,
    "adjust": adjust.COMMAND,
    "forget-stripe-account": forget_stripe_account.COMMAND,
}


def build_parser() -> argparse.ArgumentParser:
    """Build the argument parser, with a subparser for each command."""
    parser = argparse.ArgumentParser(prog="python -m backend", description="Pursebot's backend.")
    parsers = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    parser.set_defaults(command="serve")
    for name, command in COMMANDS.items():
        command.add_arguments(
            parsers.add_parser(name, help=command.help, description=command.description)
        )
    return parser


def main() -> int | None:
    """Run the command that the arguments name, and return the exit code.

    2: settings are missing or wrong. 1: the command failed with a PursebotError, a MigrationError
    or an OSError, whose message goes to standard error. Anything else is a bug and leaves as a
    traceback.
    """
    arguments = build_parser().parse_args()
    configure_logs()
    try:
        return asyncio.run(COMMANDS[arguments.command].run(arguments))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (PursebotError, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error}. Is another process using the port? Set PORT.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
