"""What a type checker says of code that uses the client: nothing where it is right, and where a mistake is, that."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import farehistory_client
import pytest
from django.conf import settings
from farehistory_client import streams, testing
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


PAGE = Path(settings.BASE_DIR, "docs", "sdk.md")


def said_of(code: str, request: pytest.FixtureRequest, *options: str) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYPYPATH", str(Path(farehistory_client.__file__).parent.parent))
        cache = request.config.cache.mkdir("mypy")
        strict = ["--config-file=", "--strict", "--python-version=3.11", f"--cache-dir={cache}"]
        said, trouble, _ = api.run([*strict, *options, "-c", code])
    assert trouble == ""
    return said


@pytest.mark.parametrize("code", [RIGHT, WRONG], ids=["right", "wrong"])
def test_mistakes_are_seen_and_nothing_else(code: str, request: pytest.FixtureRequest) -> None:
    said = said_of(code, request)
    found = re.findall(r"<string>:(\d+): error: .* \[([a-z-]+)\]", said)
    wanted = re.findall(r"# ([a-z-]+)$", code, re.MULTILINE)
    assert [kind for _, kind in found] == wanted, said
    assert all(code.splitlines()[int(line) - 1].endswith(f"# {kind}") for line, kind in found), said


def test_the_examples_of_the_guide_are_right(request: pytest.FixtureRequest) -> None:
    """As they stand, one after the other: their functions are short of annotations, and one class becomes another."""
    blocks = re.findall(r"^```python(?: testing)?\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    options = ("--allow-untyped-defs", "--allow-untyped-calls", "--disable-error-code=no-redef")
    assert "Success" in (said := said_of("\n".join(blocks), request, *options)), said


@pytest.mark.parametrize("module", [farehistory_client, streams, testing], ids=lambda module: module.__name__)
def test_no_type_of_the_public_names_is_left_to_a_checkers_guess(module: Any) -> None:
    """Checkers infer differently, and say so of a package that claims to be typed (`pyright --verifytypes`)."""
    tries = [each for each in ast.parse(Path(module.__file__).read_text()).body if isinstance(each, ast.Try)]
    caught = [handler.name for each in tries for handler in each.handlers if handler.name]
    assert [name for name in caught if not name.startswith("_")] == [], "they are names of the module"
    classes = [each for name in module.__all__ if inspect.isclass(each := getattr(module, name))]
    ours = {each for of in classes for each in of.__mro__ if each.__module__.startswith("farehistory_client")}
    assert sorted({guessed for each in ours for guessed in _guessed(each)}) == []


def _guessed(class_: type) -> Iterator[str]:
    """Public attributes that are given anything but a parameter, and of which the class does not say the type."""
    for node in ast.walk(ast.parse(inspect.getsource(class_))):
        for target in (
            node.targets if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Name) else ()
        ):
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == "self"
                and not target.attr.startswith("_")
                and target.attr not in inspect.get_annotations(class_)
            ):
                yield f"{class_.__name__}.{target.attr}"
