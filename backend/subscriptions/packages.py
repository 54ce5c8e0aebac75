"""Packages: recurring top-ups that the operator offers by name."""

from backend.database.functions import packages as sql_packages
from backend.database.functions.packages import PackageTerms
from backend.database.protocol import Database, Person
from backend.errors import BadRequest
from backend.schemas import Package, Packages, plain_name
from backend.wallets.money import minor_units

MAX_NAME_LENGTH = 100


async def list_packages(database: Database, actor: Person) -> Packages:
    """List the packages on offer."""
    return Packages(packages=await sql_packages.list_packages(database, actor))


async def add_package(
    database: Database, name: str, amount: str, currency: str, interval: str
) -> Package:
    """Offer a package; `amount` is decimal text in major units.

    Raises BadRequest for a name that is too long or of which nothing can be seen, AmountRefused.
    """
    shown_name = str(plain_name(name))
    if not 1 <= len(shown_name) <= MAX_NAME_LENGTH:
        raise BadRequest(f"A name has from 1 to {MAX_NAME_LENGTH} characters that can be seen.")
    terms = PackageTerms(
        name=shown_name, amount=minor_units(amount, currency), currency=currency, interval=interval
    )
    return await sql_packages.add_package(database, terms=terms)
