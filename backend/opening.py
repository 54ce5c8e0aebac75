"""Opening the database, Stripe and Supabase Auth as the settings say."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

import structlog

from backend.database import migrations
from backend.database.functions import installation, operating_figures
from backend.database.functions.stripe_requests import freeze_stripe_request
from backend.database.postgres import postgres_database
from backend.database.protocol import Database
from backend.failures import StripeRefused, StripeUnavailable
from backend.http.supabase_auth import SupabaseAuth
from backend.schemas import Json
from backend.services import Services
from backend.settings import Settings, SettingsError
from backend.stripe.client import StripeGateway, stripe_gateway
from backend.stripe.metadata import Purpose

log = structlog.get_logger(__name__)


# What a command opens beside a running backend. Supabase's smallest pool has 15 for all of them:
# https://supabase.com/docs/guides/database/connecting-to-postgres/pooling-and-limits
COMMAND_CONNECTIONS = 2


def open_database(
    settings: Settings, connections: int = COMMAND_CONNECTIONS
) -> AbstractAsyncContextManager[Database]:
    """Open the database: directly where SUPABASE_DB_URL is set, else over Supabase's REST API.

    `connections` is the size of the pool; REST has none. Raises DatabaseUnavailable when it is
    entered.
    """
    if settings.supabase_db_url:
        url = settings.supabase_db_url.get_secret_value()
        return postgres_database(url, pooled=settings.supabase_db_pooler, size=connections)
    project, key = settings.supabase_url, settings.supabase_key
    signing_key, as_bearer = settings.supabase_jwt_secret, settings.supabase_key_as_bearer
    if project and key and signing_key:
        # Imported here: a large library that a direct connection does not need.
        from backend.database.supabase_rest import supabase_database

        return supabase_database(
            project,
            key.get_secret_value(),
            signing_key.get_secret_value(),
            key_as_bearer=None if as_bearer is None else as_bearer == "on",
        )
    raise SettingsError(["SUPABASE_DB_URL: is missing"])  # not reached: Settings refuses it first


def open_stripe(settings: Settings) -> AbstractAsyncContextManager[StripeGateway]:
    """Open a gateway to Stripe with the key and the webhook secrets of the settings."""
    return stripe_gateway(
        settings.stripe_secret_key.get_secret_value(),
        tuple(secret.get_secret_value() for secret in settings.stripe_webhook_secret),
        settings.stripe_api_base,
        settings.public_url,
        settings.billing_email,
    )


@asynccontextmanager
async def open_services(
    settings: Settings, connections: int = COMMAND_CONNECTIONS
) -> AsyncIterator[Services]:
    """Open the database and Stripe, and check that they belong together.

    Raises DatabaseUnavailable, MigrationError for a database with the migrations of an unreleased
    version, and what `claim_stripe_account` raises.
    """
    async with open_database(settings, connections) as database, open_stripe(settings) as stripe:
        applied = await operating_figures.list_applied_migrations(database)
        migrations.require_current_numbers(applied)
        await claim_stripe_account(database, stripe)
        yield Services(database, stripe)


async def claim_stripe_account(database: Database, stripe: StripeGateway) -> None:
    """Compare the key's account and mode with the database's, which takes them at the first call.

    It also gives the gateway the database's installation id, for the metadata of what we create at
    Stripe, and has it store what it asks Stripe to create. Where the key may not read its account,
    or Stripe does not answer, only the mode is compared. Raises WrongStripeMode,
    WrongStripeAccount.
    """
    account_id = None
    try:
        account_id = await stripe.get_account_id()
    except (StripeRefused, StripeUnavailable) as failure:
        if not failure.was_logged():
            log.warning("stripe_account_unavailable", code=failure.code, **failure.facts)
    claimed = await installation.claim_stripe_account(
        database, livemode=stripe.livemode, stripe_account_id=account_id
    )
    stripe.installation_id = str(claimed.installation_id)

    async def freeze(
        subject_id: UUID, attempt: int, purpose: Purpose, organization_id: UUID, parameters: Json
    ) -> Json:
        return await freeze_stripe_request(
            database,
            subject_id=subject_id,
            attempt=attempt,
            purpose=purpose,
            organization_id=organization_id,
            parameters=parameters,
        )

    stripe.freeze = freeze


def supabase_auth(settings: Settings) -> SupabaseAuth | None:
    """Make the verifier of Supabase users' tokens; None where SUPABASE_URL is not set."""
    secret = settings.supabase_jwt_secret
    if not settings.supabase_url:
        return None
    return SupabaseAuth(
        settings.supabase_url,
        secret.get_secret_value() if secret else None,
        settings.supabase_jwt_issuers,
    )
