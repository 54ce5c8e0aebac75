"""The exact versions in requirements/: pyproject.toml allows them, and the tests run with them."""

import itertools
import re
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}
LOCKED = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+))?")


@cache
def pinned(file: str) -> list[tuple[str, str, Marker | None]]:
    """Name, version and marker of each package in `requirements/<file>`."""
    text = (ROOT / "requirements" / file).read_text().replace(" \\\n", "\n")
    found = [LOCKED.fullmatch(line) for line in text.splitlines() if line[0] not in " #"]
    assert all(found), f"{file} has lines that are no exact version"
    return [
        (each["name"], each["version"], Marker(each["marker"]) if each["marker"] else None)
        for each in found
        if each
    ]


def versions(file: str, environment: dict[str, str]) -> dict[str, str]:
    """What is installed from that file on such a machine."""
    return {
        name: version
        for name, version, marker in pinned(file)
        if marker is None or marker.evaluate(environment)
    }


def requirements_of(*extras: str) -> list[Requirement]:
    """What pyproject.toml says, with these extras and what builds the package."""
    said: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = said["project"]["dependencies"] + said["build-system"]["requires"]
    optional = said["project"]["optional-dependencies"]
    assert {"sandbox", "dev"} == optional.keys()
    for extra in extras:
        lines += optional[extra]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(
    ("file", "extras"), [("run.txt", ["sandbox"]), ("test.txt", ["sandbox", "dev"])]
)
@pytest.mark.parametrize(("python", "system"), list(itertools.product(PYTHONS, SYSTEMS)))
def test_each_version_is_one_that_pyproject_allows(
    file: str, extras: list[str], python: str, system: str
) -> None:
    environment = {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_system": SYSTEMS[system],
    }
    locked = versions(file, environment)
    for requirement in requirements_of(*extras):
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not in {file}: make lock"
        assert version in requirement.specifier, f"{file} has {version}: make lock"


def test_what_runs_is_what_was_tested() -> None:
    run, tested = ({(n, v, str(m)) for n, v, m in pinned(f)} for f in ("run.txt", "test.txt"))
    assert run - tested == set()


@pytest.mark.parametrize("file", ["run.txt", "test.txt"])
def test_every_package_has_hashes_and_none_says_where_it_was_found(file: str) -> None:
    text = (ROOT / "requirements" / file).read_text()
    entries = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert set(re.findall(r"--[a-z-]+", text)) == {"--hash"}
    assert "://" not in text


def test_the_tests_run_with_these_versions() -> None:
    here = {name: str(value) for name, value in default_environment().items()}
    locked = versions("test.txt", here)
    installed = {name: metadata.version(name) for name in locked}
    assert installed == locked, "make .venv/installed-to-test"
