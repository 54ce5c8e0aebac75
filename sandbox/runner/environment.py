"""The environment of backend and bot: the configured settings, and stand-ins for the others.

The stand-ins' secrets are made up once for each data folder and stored in its `secrets.json`, so
that wallets, tokens and webhooks are still valid after a restart.
"""

import json
import re
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from sandbox.runner.failures import CannotStart
from sandbox.runner.ports import Ports

ROOT = Path(__file__).parents[2]
CARRIED = Path(__file__).with_name(".env.example")  # in a wheel (setup.py)
EXAMPLE = CARRIED if CARRIED.exists() else ROOT / ".env.example"
SETTINGS = frozenset(re.findall(r"(?m)^([A-Z_]+)=", EXAMPLE.read_text()))
# No address, so that a token of the sandbox's people is valid whatever the ports are.
NO_SUPABASE = "http://supabase.invalid"
# Whom /privacy names beside the local Telegram; .invalid is nobody's (RFC 2606).
OPERATOR = {
    "OPERATOR_NAME": "Sandbox Ltd",
    "OPERATOR_CONTACT": "operator@sandbox.invalid",
}
OWN_DATABASE = "postgresql://pursebot_owner@/"  # how addresses of the embedded server begin
LIVE_KEYS = ("sk_live_", "rk_live_")
REST_API = {"SUPABASE_URL", "SUPABASE_JWT_SECRET"}
SUPABASE_KEYS = {"SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"}  # and its former name


def read_environment(environment: Mapping[str, str], dotenv: Path) -> dict[str, str]:
    """Return every name that is set; the environment wins over the file `.env`.

    Raises CannotStart beside a live Stripe key: real and made-up money are never mixed.
    """
    merged = {**dotenv_values(dotenv), **environment}
    for name, value in merged.items():
        if name.startswith("STRIPE_") and (value or "").startswith(LIVE_KEYS):
            raise CannotStart(
                f"{name} is a live key, and the sandbox plays with made-up money. Take it out of"
                " the environment and .env, or use a test key (sk_test_...)."
            )
    return {name: value for name, value in merged.items() if value}


def require_complete_services(configured: Mapping[str, str], ports: Ports) -> None:
    """Raise CannotStart where a service of the person's own is configured in part only."""
    if "STRIPE_SECRET_KEY" in configured and "STRIPE_WEBHOOK_SECRET" not in configured:
        raise CannotStart(
            "STRIPE_SECRET_KEY is set and STRIPE_WEBHOOK_SECRET is not: your own Stripe account"
            " needs both. Set STRIPE_WEBHOOK_SECRET to what `stripe listen --all-snapshot --latest"
            f" --forward-to 127.0.0.1:{ports.backend}/api/payments/webhook` prints, or take"
            " STRIPE_SECRET_KEY out of the environment and .env: the sandbox needs no key."
        )
    keys = sorted(configured.keys() & SUPABASE_KEYS)
    if keys and not names_a_database(configured):
        lacking = " and ".join(sorted(REST_API - configured.keys()))
        raise CannotStart(
            f"{keys[0]} is set without {lacking}: Supabase's REST API needs all of them. Set"
            f" {lacking}, or SUPABASE_DB_URL instead, or take {keys[0]} out of the environment and"
            " .env: the sandbox needs no project."
        )


def require_no_loaded_settings(configured: Mapping[str, str]) -> None:
    """Raise CannotStart in a shell that has loaded the settings of a sandbox (`.data/environment`).

    Its database would be used as one of the person's own, which nobody starts.
    """
    if configured.get("SUPABASE_DB_URL", "").startswith(OWN_DATABASE):
        raise CannotStart(
            "SUPABASE_DB_URL is the database of a sandbox: this shell has loaded .data/environment,"
            " which is for other commands beside `make run`. Use another shell for `make run`, or"
            " take SUPABASE_DB_URL out of .env."
        )


def data_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of database, secrets and logs: `.data` here unless DATA_DIR is set."""
    return Path(environment.get("DATA_DIR", ".data")).expanduser().absolute()


def write_environment(data_dir: Path, environment: Mapping[str, str]) -> None:
    """Write the environment of backend and bot to a file, for `set -a; . .data/environment`.

    In a subshell, so that no later command takes them for the person's own.
    """
    file = data_dir / "environment"
    file.touch(mode=0o600)
    names = sorted((environment.keys() & SETTINGS) - {"DATA_DIR"})
    file.write_text("".join(f"{name}={shlex.quote(environment[name])}\n" for name in names))


def names_a_database(environment: Mapping[str, str]) -> bool:
    """Return whether a database is configured: by its address, or by Supabase's REST API."""
    over_rest = environment.keys() >= REST_API and bool(environment.keys() & SUPABASE_KEYS)
    return "SUPABASE_DB_URL" in environment or over_rest


def made_up_secrets(data_dir: Path) -> dict[str, str]:
    """Return the secrets of a folder's stand-ins by setting; make them up at first use."""
    file = data_dir / "secrets.json"
    if not file.exists():
        made = {
            "TELEGRAM_BOT_TOKEN": f"7000000001:{secrets.token_urlsafe(26)}",
            "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(24)}",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(24)}",
            "BOT_API_SECRET": secrets.token_hex(32),
            "SUPABASE_JWT_SECRET": secrets.token_hex(32),
        }
        file.touch(mode=0o600)
        file.write_text(json.dumps(made, indent=2) + "\n")
    return dict(json.loads(file.read_text()))


def with_stand_ins(configured: Mapping[str, str], ports: Ports, data_dir: Path) -> dict[str, str]:
    """Return the environment of backend and bot: `configured`, and stand-ins for the rest.

    A service is used as configured or replaced as a whole: without a token, TELEGRAM_API_BASE is
    the sandbox's. The database's address is added once the database runs.
    """
    made_up = made_up_secrets(data_dir)
    environment = {
        "PUBLIC_URL": ports.backend_url,
        "BOT_API_SECRET": made_up["BOT_API_SECRET"],
        "HOST": "127.0.0.1",
        "ORGANIZATION_SIGNUP": "open",
        **configured,
        "PORT": str(ports.backend),
        "BACKEND_URL": ports.backend_url,
        "DATA_DIR": str(data_dir),
    }
    if "TELEGRAM_BOT_TOKEN" not in configured:
        environment = {**OPERATOR, **environment}
    for service in ("TELEGRAM", "STRIPE"):
        ours = {name: value for name, value in made_up.items() if name.startswith(service)}
        if not configured.keys() & ours.keys() - {"STRIPE_WEBHOOK_SECRET"}:
            environment |= {**ours, f"{service}_API_BASE": ports.sandbox_url}
    if "SUPABASE_URL" not in configured:
        environment["SUPABASE_URL"] = NO_SUPABASE
        environment["SUPABASE_JWT_SECRET"] = made_up["SUPABASE_JWT_SECRET"]
    for name in ("NO_PROXY", "no_proxy"):  # this machine is never reached through a proxy
        environment[name] = ",".join(filter(None, [configured.get(name), "127.0.0.1", "localhost"]))
    return environment
