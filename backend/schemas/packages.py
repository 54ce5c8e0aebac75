"""Recurring top-ups that the operator offers by name."""

from typing import Literal
from uuid import UUID

from backend.schemas.money import Money
from backend.schemas.words import Model

Interval = Literal["week", "month"]


class Package(Model):
    """A recurring top-up that the operator offers by name."""

    id: UUID
    name: str
    money: Money
    interval: Interval


class Packages(Model):
    """GET /api/payments/packages."""

    packages: list[Package]
