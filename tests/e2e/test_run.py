"""`make run`: up in seconds, ended by one Ctrl-C; nothing is left behind, nothing forgotten."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from sandbox.runner.demo import Chat, top_up
from sandbox.runner.ports import Ports, free_ports
from tests.e2e.system import (
    SECONDS_TO_START,
    System,
    processes_of,
    running_system,
    settings_for,
    short_folder,
    start,
    start_system,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
folder = pytest.fixture(short_folder)
system_folder = pytest.fixture(short_folder, scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(system_folder: Path) -> AsyncIterator[System]:
    """One for the tests that leave it running."""
    async with running_system(system_folder) as running:
        yield running


def names_of(processes: list[str]) -> set[str]:
    """Which of ours are among them."""
    match = re.findall(r"-m (sandbox|backend|bot)\b|bin/(postgres) ", "\n".join(processes))
    return {name for pair in match for name in pair if name}


def processes_named(folder: Path, module: str) -> list[int]:
    return [int(each.split()[0]) for each in processes_of(folder) if f"-m {module}" in each]


def another_than(process: int, folder: Path, module: str) -> bool:
    return processes_named(folder, module) not in ([], [process])


def resident_megabytes(folder: Path, module: str) -> float:
    (process,) = processes_named(folder, module)
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmRSS:\s*(\d+) kB", status)[0]) / 1024


def modes_below(folder: Path) -> set[int]:
    """Of the folder and of all in it and in `logs`; what is below PostgreSQL's is its own."""
    paths = [folder, *folder.iterdir(), *(folder / "logs").iterdir()]
    return {path.stat().st_mode & 0o777 for path in paths if not path.is_socket()}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.1)


async def test_it_starts_says_where_to_go_and_one_ctrl_c_ends_all_of_it(folder: Path) -> None:
    async with running_system(folder) as system:
        assert names_of(processes_of(folder)) == {"sandbox", "backend", "bot", "postgres"}
        assert resident_megabytes(folder, "backend") + resident_megabytes(folder, "bot") < 200
        text = "\n".join(system.printed)
        async with aiohttp.ClientSession() as http:
            pages = re.findall(rf"{system.ports.sandbox_url}\S*", text)
            paths = [page.removeprefix(system.ports.sandbox_url) for page in pages]
            assert paths == ["/", "/console", "/events", "/calls"]
            for page in pages:
                async with http.get(page) as answer:
                    assert "SANDBOX" in await answer.text()
        assert modes_below(folder) == {0o700, 0o600}
        assert await system.stop() == 0
    assert system.printed[-1] == "Stopped."
    assert processes_of(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["PostgreSQL", "Migrating", "the backend", "the bot"])
async def test_ctrl_c_while_it_starts_leaves_nothing_either(moment: str, folder: Path) -> None:
    system = await start_system(folder)
    await system.wait_for(moment, SECONDS_TO_START)
    assert await system.stop() == 0
    assert processes_of(folder) == []


@pytest.mark.slow
async def test_the_wallet_is_as_full_after_a_restart(folder: Path) -> None:
    text: list[str] = []
    async with (
        running_system(folder) as system,
        aiohttp.ClientSession(system.ports.sandbox_url) as http,
    ):
        await top_up(system.database_url, http, text.append)
    async with (
        running_system(folder) as system,
        aiohttp.ClientSession(system.ports.sandbox_url) as http,
    ):
        ana = Chat(http, "ana", text.append)
        await ana.see("the chat of before")
        await ana.write("/balance")
        await ana.see("her balance", "Balance: €50.00")


@pytest.mark.slow
async def test_a_killed_supervisor_takes_backend_and_bot_along_and_the_next_one_starts(
    folder: Path,
) -> None:
    async with running_system(folder) as system:
        system.process.kill()
        await system.process.communicate()
        await until(lambda: names_of(processes_of(folder)) == {"postgres"})
    async with running_system(folder) as system:
        assert await system.stop() == 0
    assert processes_of(folder) == []


@pytest.mark.slow
async def test_two_on_one_folder_or_on_one_port_are_told_what_to_change(
    system: System, folder: Path
) -> None:
    free = Ports(*free_ports(2))
    assert "Stop it, or set DATA_DIR" in await refusal(system.folder, free)
    for setting, ports in (
        ("PORT", replace(free, backend=system.ports.backend)),
        ("SANDBOX_PORT", replace(free, sandbox=system.ports.sandbox)),
    ):
        text = await refusal(folder, ports)
        assert f"Set {setting} to another port" in text


async def refusal(folder: Path, ports: Ports) -> str:
    """What a start says that is refused, with exit code 2."""
    process = await start("run", **settings_for(folder, ports))
    output, _ = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode == 2
    return output.decode()


@pytest.mark.slow
async def test_the_demo_plays_a_top_up_beside_a_running_system(system: System) -> None:
    process = await start("demo", PORT=str(system.ports.backend), STRIPE_SECRET_KEY="sk_test_x")
    output, _ = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode == 0, output.decode()
    transcript = output.decode()
    assert "From Stripe's event to the message in the chat:" in transcript
    assert "Balance: €50.00" in transcript


async def test_a_process_that_dies_is_started_again(system: System) -> None:
    for module in ("backend", "bot"):
        (died,) = processes_named(system.folder, module)
        os.kill(died, signal.SIGKILL)
        await system.wait_for(f"The {module} ended with signal SIGKILL", 60)
        await until(partial(another_than, died, system.folder, module))
    async with aiohttp.ClientSession(system.ports.sandbox_url) as http:
        ana = Chat(http, "ana", system.printed.append)
        await ana.write("/balance")
        await ana.see("her balance", "Balance: €0.00")
