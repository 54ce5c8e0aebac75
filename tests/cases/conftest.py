"""Fixtures of the cases: the running backend of tests/backend."""

from tests.backend.conftest import system

__all__ = ["system"]
