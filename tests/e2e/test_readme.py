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


async def test_the_doctor_runs_beside_a_sandbox_as_typed_and_leaves_the_shell_as_it_was(
    folder: Path,
) -> None:
    (typed,) = {
        command
        for page in ("troubleshooting.md", "going-live.md")
        for command in re.findall(
            r"\(set -a; [^)]*backend doctor\)", (ROOT / "docs" / page).read_text()
        )
    }
    async with running_system(folder / ".data") as system:
        python = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}'
        script = f'{python}\n{typed}\necho "code $?, left ${{SUPABASE_DB_URL:-nothing}}"'
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", script, cwd=system.folder.parent, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
    assert output.decode().splitlines()[-1] == "code 0, left nothing", output.decode()


def documents(text: str) -> Any:
    """Each JSON document of those that follow one another."""
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield document
        text = text[end:]
