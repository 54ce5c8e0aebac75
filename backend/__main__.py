"""The command line of the backend: `python -m backend [COMMAND]`; `serve` is the default.

Each command is a module of `backend/commands/`; `COMMANDS` lists them.
"""

import argparse
import asyncio
import os
import sys

from backend.commands import (
    adjust,
    doctor,
    events,
    forget_stripe_account,
    invite_owner,
    migrate,
    packages,
    payments,
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
    "payments": payments.COMMAND,
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

    2: settings are missing or wrong. 1: the command failed with a PursebotError or a
    MigrationError, whose message goes to standard error, or its output could not be written; a
    reader that stops reading (`| head`) is told nothing. Anything else is a bug and leaves as a
    traceback.
    """
    arguments = build_parser().parse_args()
    configure_logs()
    try:
        code = asyncio.run(COMMANDS[arguments.command].run(arguments))
        print(end="", flush=True)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (PursebotError, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        discard_output()
        return 1
    except OSError as error:
        discard_output()
        print(f"The output could not be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    return code


def discard_output() -> None:
    """Let the interpreter's end have nothing left that it could fail to write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


if __name__ == "__main__":
    sys.exit(main())
