"""The scenarios play in the backend's own house: real HTTP, real database, local Stripe."""

from tests.backend.conftest import house

__all__ = ["house"]
