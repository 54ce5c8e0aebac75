"""What tests of cases from outside need: the running backend of tests/backend."""

from tests.backend.conftest import house

__all__ = ["house"]
