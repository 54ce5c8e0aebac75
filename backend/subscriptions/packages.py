"""Packages: recurring top-ups that the operator offers by name."""

from backend.database.protocol import SERVICE, Actor, Database
from backend.schemas import Json, Packages
from backend.wallets.money import minor_units


async def listing(database: Database, actor: Actor) -> Packages:
    """The recurring top-ups that are offered by name."""
    return Packages(packages=await database.call("list_packages", actor))


async def add(database: Database, name: str, amount: str, currency: str, interval: str) -> Json:
    """Offer another one. Raises AmountRefused."""
    terms = {"amount": minor_units(amount, currency), "currency": currency, "interval": interval}
    made: Json = await database.call("add_package", SERVICE, terms={"name": name, **terms})
    return made
