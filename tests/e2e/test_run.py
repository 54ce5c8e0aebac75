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
from tests.e2e.house import (
    SECONDS_TO_START,
    House,
    processes_of,
    running_house,
    settings_for,
    short_folder,
    start,
    starting_house,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
folder = pytest.fixture(short_folder)
houses_folder = pytest.fixture(short_folder, scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(houses_folder: Path) -> AsyncIterator[House]:
    """One for the tests that leave it running."""
    async with running_house(houses_folder) as running:
        yield running


def names_of(processes: list[str]) -> set[str]:
    """Which of ours are among them."""
    found = re.findall(r"-m (sandbox|backend|bot)\b|bin/(postgres) ", "\n".join(processes))
    return {name for pair in found for name in pair if name}


def processes_named(folder: Path, module: str) -> list[int]:
    return [int(each.split()[0]) for each in processes_of(folder) if f"-m {module}" in each]


def another_than(process: int, folder: Path, module: str) -> bool:
    return processes_named(folder, module) not in ([], [process])


def resident_megabytes(folder: Path, module: str) -> float:
    (process,) = processes_named(folder, module)
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.findall(r"VmRSS:\s*(\d+) kB", status)[0]) / 1024


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.1)


async def test_it_starts_says_where_to_go_and_one_ctrl_c_ends_all_of_it(folder: Path) -> None:
    async with running_house(folder) as house:
        assert names_of(processes_of(folder)) == {"sandbox", "backend", "bot", "postgres"}
        assert resident_megabytes(folder, "backend") + resident_megabytes(folder, "bot") < 200
        said = "\n".join(house.printed)
        async with aiohttp.ClientSession() as http:
            pages = re.findall(rf"{house.ports.sandbox_url}\S*", said)
            assert len(pages) == 2
            for page in pages:
                async with http.get(page) as answer:
                    assert "SANDBOX" in await answer.text()
        assert await house.stop() == 0
    assert house.printed[-1] == "Stopped."
    assert processes_of(folder) == []


@pytest.mark.parametrize("moment", ["PostgreSQL", "Migrating", "the backend", "the bot"])
async def test_ctrl_c_while_it_starts_leaves_nothing_either(moment: str, folder: Path) -> None:
    house = await starting_house(folder)
    await house.says(moment, SECONDS_TO_START)
    assert await house.stop() == 0
    assert processes_of(folder) == []


@pytest.mark.slow
async def test_the_wallet_is_as_full_after_a_restart(folder: Path) -> None:
    said: list[str] = []
    async with (
        running_house(folder) as house,
        aiohttp.ClientSession(house.ports.sandbox_url) as http,
    ):
        await top_up(house.database_url, http, said.append)
    async with (
        running_house(folder) as house,
        aiohttp.ClientSession(house.ports.sandbox_url) as http,
    ):
        ana = Chat(http, "ana", said.append)
        await ana.see("the chat of before")
        await ana.write("/balance")
        await ana.see("her balance", "Balance: €50.00")


@pytest.mark.slow
async def test_a_killed_supervisor_takes_backend_and_bot_along_and_the_next_one_starts(
    folder: Path,
) -> None:
    async with running_house(folder) as house:
        house.process.kill()
        await house.process.communicate()
        await until(lambda: names_of(processes_of(folder)) == {"postgres"})
    async with running_house(folder) as house:
        assert await house.stop() == 0
    assert processes_of(folder) == []


@pytest.mark.slow
async def test_two_on_one_folder_or_on_one_port_are_told_what_to_change(
    house: House, folder: Path
) -> None:
    free = Ports(*free_ports(2))
    assert "Stop it, or set DATA_DIR" in await refusal(house.folder, free)
    for setting, ports in (
        ("PORT", replace(free, backend=house.ports.backend)),
        ("SANDBOX_PORT", replace(free, sandbox=house.ports.sandbox)),
    ):
        said = await refusal(folder, ports)
        assert f"Set {setting} to another port" in said


async def refusal(folder: Path, ports: Ports) -> str:
    """What a start says that is refused, with exit code 2."""
    process = await start("run", **settings_for(folder, ports))
    output, _ = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode == 2
    return output.decode()


async def test_the_demo_plays_a_top_up_beside_a_running_house(house: House) -> None:
    process = await start("demo", PORT=str(house.ports.backend), STRIPE_SECRET_KEY="sk_test_x")
    output, _ = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode == 0, output.decode()
    transcript = output.decode()
    assert "From Stripe's event to the message in the chat:" in transcript
    assert "Balance: €50.00" in transcript


async def test_a_process_that_dies_is_started_again(house: House) -> None:
    for module in ("backend", "bot"):
        (died,) = processes_named(house.folder, module)
        os.kill(died, signal.SIGKILL)
        await house.says(f"The {module} ended with signal SIGKILL", 60)
        await until(partial(another_than, died, house.folder, module))
    async with aiohttp.ClientSession(house.ports.sandbox_url) as http:
        ana = Chat(http, "ana", house.printed.append)
        await ana.write("/balance")
        await ana.see("her balance", "Balance: €0.00")
