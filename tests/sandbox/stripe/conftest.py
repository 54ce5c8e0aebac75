"""The local Stripe of a test of its own; those in a browser have theirs in the browser's loop."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sandbox.stripe.playground import Playground, local_stripe


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Playground]:
    async with local_stripe(tmp_path) as playground:
        yield playground
