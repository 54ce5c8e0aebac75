"""SQL functions of packages: recurring top-ups that the operator offers by name."""

from typing import TypedDict
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Package


class PackageTerms(TypedDict):
    """The terms of a package: `amount` in minor units, every `interval` (`week` or `month`)."""

    name: str
    amount: int
    currency: str
    interval: str


async def list_packages(database: Database, actor: Person) -> list[Package]:
    """List the packages on offer, for people, by currency and amount."""
    rows = await database.call("list_packages", actor)
    return [Package.model_validate(row) for row in rows]


async def list_packages_for_service(database: Database) -> list[Package]:
    """List the packages on offer, for the operator, by currency and amount."""
    rows = await database.call("list_packages_for_service", SERVICE)
    return [Package.model_validate(row) for row in rows]


async def add_package(database: Database, *, terms: PackageTerms) -> Package:
    """Offer a package; the same terms again answer the one that is there. Raises AmountRefused."""
    row = await database.call("add_package", SERVICE, terms=terms)
    return Package.model_validate(row)


async def remove_package(database: Database, *, package_id: UUID) -> None:
    """Withdraw a package; subscriptions that began with it go on. Raises NotFound."""
    await database.call("remove_package", SERVICE, package_id=package_id)
