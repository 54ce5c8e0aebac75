"""A fork is to those who run it what `python -m` is."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests import forked_process
from tests.forked_process import start_module

pytestmark = pytest.mark.slow

SURROUNDINGS = """
import json, os, sys
inside = {name: text for name, text in os.environ.items() if name != "LC_CTYPE"}
descriptors = os.listdir("/proc/self/fd")
print(json.dumps([inside, os.getcwd(), sys.argv[1:3], sys.stdin.read(), descriptors]))
print("x" * 300_000)
print("told", file=sys.stderr)
"""


async def both(module: str, *arguments: str, folder: str = "/") -> list[tuple[int, bytes, bytes]]:
    """Exit code, output and errors: of a fork, and of an interpreter of its own."""
    results = []
    with pytest.MonkeyPatch.context() as patch:
        for real in ([], [True]):
            patch.setattr(forked_process, "only_real", real)
            environment = {"PATH": os.environ["PATH"], "COLUMNS": "80", "ONE": "1"}
            process = await start_module(module, *arguments, environment=environment, folder=folder)
            out, err = await asyncio.wait_for(process.communicate(), 60)
            results.append((await process.wait(), out, err))
    return results


@pytest.mark.parametrize(
    ("command", "code"),
    [("backend --help", 0), ("backend", 2), ("backend nonsense", 2), ("bot --help", 0),
     ("bot", 2), ("timeit 1/0", 1)],
)  # fmt: skip
async def test_a_fork_says_what_a_process_says_and_ends_as_it_does(command: str, code: int) -> None:
    forked, real = await both(*command.split())
    assert forked == real
    assert forked[0] == code


@pytest.mark.parametrize("number", [9, 15])
async def test_a_fork_dies_of_a_signal_as_a_process_does(number: int) -> None:
    forked, real = await both("timeit", f"import os; os.kill(os.getpid(), {number})")
    assert forked == real == (-number, b"", b"")


async def test_a_fork_has_surroundings_of_its_own(tmp_path: Path) -> None:
    forked, real = await both("timeit", "-n1", "-r1", SURROUNDINGS, folder=str(tmp_path))
    (code, out, err), (_, real_out, _) = forked, real
    assert (code, err) == (0, b"told\n")
    first, long, *_ = out.splitlines()
    *found, descriptors = json.loads(first)
    *expected, others = json.loads(real_out.splitlines()[0])
    assert found == expected
    assert len(descriptors) <= len(others)
    assert found[1] == str(tmp_path)
    assert len(long) == 300_000
