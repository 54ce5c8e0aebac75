"""A test that leaves a process fails the run, and is named."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LEAVING = """
import asyncio
import subprocess
from tests import leftover_processes
from tests.forked_process import start_module

leftover_processes.SECONDS_TO_END = 0.5

def test_that_leaves_one():
    subprocess.Popen(["sh", "-c", "sleep 600 & wait"])

def test_that_leaves_a_fork():
    async def leave():
        server = await start_module(
            "http.server", "0", "--bind", "127.0.0.1", environment={}, folder="/"
        )
        server.ended.cancel()
    asyncio.run(leave())

def test_that_leaves_none():
    subprocess.run(["true"], check=True)
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this machine has no /proc")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_process_that_is_left_fails_the_run_and_is_ended(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_leaving.py").write_text(LEAVING)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.leftover_processes", "-n", workers,
         "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stdout + run.stderr
    assert re.search("3 passed, [12] error", run.stdout)  # one for each of pytest's processes
    left = re.findall(r"(?m)^E\s+(\d+) .*sleep 600.*test_that_leaves_one", run.stdout)
    assert len(left) == 2  # the shell and what it started
    if sys.platform == "linux":
        left += re.findall(r"(?m)^E\s+(\d+) .*http.server.*test_that_leaves_a_fork", run.stdout)
        assert len(left) == 3
    assert not [pid for pid in left if is_running(int(pid))]


def is_running(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
