"""The package as it is installed: built as a wheel, into an environment that has what it asks for and nothing else."""

from __future__ import annotations

import subprocess
import tomllib
import venv
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import farehistory_client
import pytest
from farehistory_client._base_client import AGENT
from packaging.requirements import Requirement
from uv import find_uv_bin

PACKAGE = Path(farehistory_client.__file__).parent
PROJECT = PACKAGE.parent

OF_A_SERVICE = """
import asyncio, importlib.util
from dataclasses import dataclass
from farehistory_client import *
from farehistory_client.testing import FakeServer, no_waits

here = ["django", "events", "msgspec", "pydantic", "redis", "pytest"]
assert not any(importlib.util.find_spec(name) for name in here), here
try:
    import farehistory_client.streams
except ImportError as error:
    print(error)

@dataclass
class Toll:
    gate: str

codecs = Codecs()
codecs.register(Toll, component="toll")
server = FakeServer()
with server.client(codecs=codecs) as fares:
    fares.append("BK-1", Change.set("toll", 5, currency="SGD", metadata=Toll("Tuas")), expected_version=0)
    print([event.details.value.gate for event in fares.feed(until_caught_up=True)])

async def nobody_there():
    async with AsyncClient("http://127.0.0.1:9", "fh_key", retries=Retries(attempts=2)) as fares:
        await fares.fare("BK-1")

for ask in (
    lambda: asyncio.run(nobody_there()),
    lambda: Client("http://127.0.0.1:9", "fh_key", retries=Retries(attempts=2)).fare("BK-1"),
):
    try:
        ask()
    except Unanswered as error:
        print(type(error.__cause__).__name__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """uv builds it itself, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--no-cache", "-o", str(folder), str(PROJECT))
    (built,) = folder.glob("*.whl")
    return built


def uv(*arguments: str) -> None:
    ran = subprocess.run(
        [find_uv_bin(), *arguments, "--offline", "--no-config"], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr


def test_it_has_all_files_of_the_package_and_no_others(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name and name[-1] != "/"}
    ours = {p for p in PACKAGE.rglob("*") if p.is_file() and p.parent.name != "__pycache__"}
    assert found == {path.relative_to(PROJECT).as_posix() for path in ours}
    assert "farehistory_client/py.typed" in found


def test_it_says_what_it_is_and_what_it_needs(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert (metadata["Name"], metadata["Version"]) == ("farehistory-client", project["version"])
    assert "farehistory-client/" + project["version"].rpartition(".")[0] == AGENT
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Provides-Extra") == ["streams"]
    needs = [Requirement(each) for each in metadata.get_all("Requires-Dist")]
    assert sorted(each.name for each in needs if each.marker is None) == ["httpx"]
    assert "httpcore" in requirements_of("httpx"), "it is imported, too"
    assert [each.name for each in needs if each.marker is not None] == ["redis"]


def test_it_works_where_nothing_else_is(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path, symlinks=True)
    (packages,) = tmp_path.glob("lib/python*/site-packages")
    python = str(tmp_path / "bin" / "python")
    uv("pip", "install", "--no-cache", "--no-deps", f"--python={python}", str(wheel))
    for name in closure_of("httpx"):
        copy_installed(name, packages)
    ran = subprocess.run([python, "-I", "-c", OF_A_SERVICE], capture_output=True, text=True, timeout=60)
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "farehistory_client.streams needs redis-py: pip install farehistory-client[streams]",
        "['Tuas']",
        "ConnectError",
        "ConnectError",
    ]


def requirements_of(name: str) -> set[str]:
    """By name, those of no extra."""
    needs = [Requirement(each) for each in distribution(name).requires or ()]
    return {each.name for each in needs if each.marker is None or each.marker.evaluate({"extra": ""})}


def closure_of(name: str) -> set[str]:
    found, pending = set[str](), {name}
    while pending:
        found |= pending
        pending = {need for each in pending for need in requirements_of(each)} - found
    return found


def copy_installed(name: str, packages: Path) -> None:
    """What the tests' own environment has of it: nothing is fetched."""
    for file in distribution(name).files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            target = packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.locate().read_bytes())
