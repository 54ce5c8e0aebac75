"""`python -m sandbox run|demo|token`: all of Pursebot on one machine, without any account."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sandbox.postgres.programs import PostgresFailed
from sandbox.runner.demo import run_demo
from sandbox.runner.environment import (
    data_folder,
    read_environment,
    require_complete_services,
    require_no_loaded_settings,
    with_stand_ins,
)
from sandbox.runner.failures import CannotStart, DemoFailed, StartFailed
from sandbox.runner.ports import ports_of
from sandbox.runner.processes import Output
from sandbox.runner.supervisor import everything
from sandbox.runner.token import WHO, token_of

DOTENV = Path(".env")
output: Output = partial(print, flush=True)  # at once, even into a pipe

ADDRESSES = """
Everything is up, and nothing here is real money.

  the chat with the bot   {chat}
  every webhook sent      {console}
  every payload           {events}
  every call              {calls}
  the API                 {backend}/docs   (make token USER=owner makes you a token)
  data and logs           {data}

Open the first one and type /topup 50. Ctrl-C stops everything; the wallets are kept."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code.

    It is 0, 1 for a failure, 2 for one that only the person who started it can remove.
    """
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="run | demo | token")
    commands.add_parser("run", help="start everything and keep it running until Ctrl-C")
    commands.add_parser("demo", help="play one whole top-up in a temporary folder, print it")
    token = commands.add_parser("token", help="print a bearer token of one of the sandbox's people")
    token.add_argument(
        "user", choices=WHO, help="by name, or: Ana is the owner, Ben a member, Eve a stranger"
    )
    chosen = parser.parse_args(arguments)
    try:
        code = COMMANDS[chosen.command](chosen)
        print(end="", flush=True)
    except BrokenPipeError:  # whoever reads the output has stopped reading: that is no mistake
        discard_output()
        return 1
    except OSError as error:
        discard_output()
        print(f"The output could not be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except (CannotStart, StartFailed, PostgresFailed, DemoFailed) as reason:
        print(reason, file=sys.stderr)
        return 2 if isinstance(reason, CannotStart) else 1
    return code


def discard_output() -> None:
    """Let the interpreter's end have nothing left that it could fail to write."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def run(_: argparse.Namespace) -> int:
    """Start what the environment does not name, and wait for Ctrl-C; return the exit code."""
    environment = read_environment(os.environ, DOTENV)
    data_dir, ports = data_folder(environment), ports_of(environment)
    require_complete_services(environment, ports)
    require_no_loaded_settings(environment)

    async def until_stopped() -> None:
        async with everything(environment, ports, data_dir, output):
            pages = ("console", "events", "calls")
            addresses = {page: f"{ports.sandbox_url}/{page}" for page in pages}
            addresses["chat"] = f"{ports.sandbox_url}/"
            if "TELEGRAM_BOT_TOKEN" in environment:
                addresses["chat"] = "your own bot, in Telegram"
            if "STRIPE_SECRET_KEY" in environment:
                addresses["console"] = "https://dashboard.stripe.com/test/webhooks"
                addresses["events"] = "https://dashboard.stripe.com/test/events"
                addresses["calls"] = "https://dashboard.stripe.com/test/logs"
            output(ADDRESSES.format(**addresses, backend=ports.backend_url, data=data_dir))
            await asyncio.Event().wait()

    asyncio.run(run_until_signalled(until_stopped()))
    output("Stopped.")
    return 0


def demo(_: argparse.Namespace) -> int:
    """Play a top-up in a temporary folder; return 0, or 130 when a signal ended it."""
    return 0 if asyncio.run(run_until_signalled(run_demo(output))) else 130


def token(chosen: argparse.Namespace) -> int:
    """Print a token for the sandbox that `run` made in the same data folder; return the exit code.

    Raises CannotStart where there is no sandbox, or Supabase signs the tokens.
    """
    environment = read_environment(os.environ, DOTENV)
    data_dir = data_folder(environment)
    if not (data_dir / "secrets.json").exists():
        raise CannotStart(f"There is no sandbox in {data_dir} yet: start it with `make run`.")
    backend_environment = with_stand_ins(environment, ports_of(environment), data_dir)
    if not backend_environment.keys() >= {"SUPABASE_URL", "SUPABASE_JWT_SECRET"}:
        raise CannotStart("Your Supabase project signs its people's tokens itself: sign in there.")
    print(token_of(chosen.user, backend_environment))
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]]
COMMANDS = {"run": run, "demo": demo, "token": token}


async def run_until_signalled(work: Coroutine[Any, Any, None]) -> bool:
    """Run `work` until it ends or a signal cancels it; return whether it ended by itself.

    A second signal changes nothing.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def stop() -> None:
        if not task.cancelling():
            output("\nStopping ...")
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task
    return not task.cancelled()


if __name__ == "__main__":
    sys.exit(main())
