"""What tests of cases from outside need: the running backend of tests/backend."""

from tests.backend.conftest import system

__all__ = ["system"]
