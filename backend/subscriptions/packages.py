"""Packages: recurring top-ups that the operator offers by name."""

from backend.database.functions import packages as sql_packages
from backend.database.functions.packages import PackageTerms
from backend.database.protocol import Database, Person
from backend.schemas import Package, Packages
from backend.wallets.money import minor_units


async def list_packages(database: Database, actor: Person) -> Packages:
    """List the packages on offer."""
    return Packages(packages=await sql_packages.list_packages(database, actor))


async def add_package(
    database: Database, name: str, amount: str, currency: str, interval: str
) -> Package:
    """Offer a package; `amount` is decimal text in major units. Raises AmountRefused."""
    terms = PackageTerms(
        name=name, amount=minor_units(amount, currency), currency=currency, interval=interval
    )
    return await sql_packages.add_package(database, terms=terms)
