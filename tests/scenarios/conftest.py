"""Fixtures of the scenarios: real HTTP, real database, local Stripe."""

import asyncio
import json
from typing import Any

from backend.schemas import Json
from tests.backend.conftest import System, system, token

__all__ = ["system"]


async def typed(system: System, command: str, **claims: Any) -> Json:
    """Run a guide's command in a shell, with host, token and ids filled in; return its JSON."""
    for example, real in {
        "http://localhost:8080": system.url,
        "YOUR_TOKEN": token(**claims),
        "ORGANIZATION_ID": str(system.world.acme),
    }.items():
        command = command.replace(example, real)
    shell = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await shell.communicate()
    text: Json = json.loads(output or b"{}")  # a 204 says nothing
    return text
