"""SQL functions of packages: recurring top-ups that the operator offers by name."""

from typing import TypedDict
from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Package


class PackageTerms(TypedDict):
    """What is offered: `amount` in minor units, every `interval` (`week` or `month`)."""

    name: str
    amount: int
    currency: str
    interval: str


async def list_packages(database: Database, actor: Person) -> list[Package]:
    """List what is offered, for people, by currency and amount."""
    rows = await database.call("list_packages", actor)
    return [Package.model_validate(row) for row in rows]


async def list_packages_for_service(database: Database) -> list[Package]:
    """List what is offered, for the operator."""
    rows = await database.call("list_packages_for_service", SERVICE)
    return [Package.model_validate(row) for row in rows]


async def add_package(database: Database, *, terms: PackageTerms) -> Package:
    """Offer a package; the same one again is the one that is there. Raises AmountRefused."""
    row = await database.call("add_package", SERVICE, terms=terms)
    return Package.model_validate(row)


async def remove_package(database: Database, *, package_id: UUID) -> None:
    """Offer a package no more; what was started with it goes on. Raises NotFound."""
    await database.call("remove_package", SERVICE, package_id=package_id)
