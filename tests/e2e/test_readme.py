"""What the README tells engineers to type works as typed."""

import asyncio
import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.system import running_system, settings_for, short_folder

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
folder = pytest.fixture(short_folder)

# The one thing that is not as typed: this Python instead of the one that make would install.
MAKE = f'make() {{ {shlex.quote(sys.executable)} -m sandbox token "${{3#USER=}}"; }}'


async def test_every_command_of_the_api_section_runs_as_typed(folder: Path) -> None:
    section = (ROOT / "README.md").read_text().partition("## The API")[2].partition("\n## ")[0]
    blocks = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
    assert len(blocks) >= 4
    async with running_system(folder) as system:
        script = "\n".join(["set -euo pipefail", MAKE, *blocks])
        script = script.replace("http://127.0.0.1:8080", system.ports.backend_url)
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **settings_for(folder, system.ports)},
        )  # fmt: skip
        output, _ = await process.communicate()
    answers = list(documents(output.decode()))
    assert process.returncode == 0
    assert len(answers) == len(re.findall(r"(?m)^curl ", "\n".join(blocks)))
    assert not [answer for answer in answers if "error" in answer]
    assert {each["status"] for each in answers[-1]["payments"]} == {"pending"}


def documents(text: str) -> Any:
    """Each JSON document of those that follow one another."""
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield document
        text = text[end:]
