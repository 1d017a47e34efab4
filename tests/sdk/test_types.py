"""What a type checker says of code that uses the client: nothing where it is right, and where a mistake is, that."""

from __future__ import annotations

import re
from pathlib import Path

import farehistory_client
import pytest
from mypy import api

RIGHT = """
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4
from farehistory_client import ANY, AsyncClient, Change, Client, Codecs, Head, Item

def registered(type_: type) -> Codecs:
    codecs = Codecs()
    codecs.register(type_, component="toll", event_type="ADD")
    return codecs

def use(fares: Client) -> None:
    toll = Change.add("toll", "1.00", currency="SGD", description="Tuas", metadata={"gate": 1})
    late = Change.sub("promo", 3, occurred_at=datetime.now(UTC), actor="mei", transaction_id=uuid4())
    first = Change.set("base_fare", "9.00", currency="SGD", allow_negative=True)
    of_any = [("BK-1", toll, ANY), ("BK-1", late, ANY)]
    fares.append_all(of_any)
    fares.append_many(of_any)
    of_versions = [("BK-1", first, 0)]
    fares.append_all(of_versions)
    fares.append_many(tuple(of_versions))
    mixed: list[Item] = [("BK-1", first, 0), ("BK-1", toll, ANY)]
    fares.append_many(mixed)
    version = ANY
    fares.append("BK-1", toll, expected_version=version)
    changes = [toll, late]
    fares.update("BK-1", lambda head: changes)

async def use_async(fares: AsyncClient) -> None:
    items = [("BK-1", Change.add("toll", "1.00"), ANY)]
    await fares.append_all(items)
    await fares.append_many(items)
"""

WRONG = """
from farehistory_client import Change, Client, Codecs
from farehistory_client.testing import FakeServer

Change.add("toll", "1.00", metdata={"gate": 1})  # call-arg
Change.sub("toll", "1.00", description=5)  # arg-type
Change.set("toll", "1.00")  # call-arg
Change.set("toll", "1.00", currency=None)  # arg-type
Change.add("toll", 1.5)  # arg-type
Codecs().register(dict, event_type="add")  # arg-type
FakeServer().client("pricing", retrys=None)  # call-arg

def use(fares: Client) -> None:
    fares.append("BK-1", Change.add("toll", 1), expected_version="all")  # arg-type
    fares.append_all([("BK-1", Change.add("toll", 1), "all")])  # list-item
"""


@pytest.mark.parametrize("code", [RIGHT, WRONG], ids=["right", "wrong"])
def test_mistakes_are_seen_and_nothing_else(
    code: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYPYPATH", str(Path(farehistory_client.__file__).parent.parent))
    cache = request.config.cache.mkdir("mypy")
    options = ["--config-file=", "--strict", "--python-version=3.11", f"--cache-dir={cache}"]
    said, trouble, _ = api.run([*options, "-c", code])
    assert trouble == ""
    found = re.findall(r"<string>:(\d+): error: .* \[([a-z-]+)\]", said)
    wanted = re.findall(r"# ([a-z-]+)$", code, re.MULTILINE)
    assert [kind for _, kind in found] == wanted, said
    assert all(code.splitlines()[int(line) - 1].endswith(f"# {kind}") for line, kind in found), said
