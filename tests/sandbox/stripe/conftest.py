"""The local Stripe of a test; tests in a browser have theirs in the browser's event loop."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.stripe.playground import Playground, local_stripe


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    """Run a local Stripe for the length of the test."""
    async with local_stripe(tmp_path) as playground:
        yield playground
