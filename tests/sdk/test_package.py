"""The package as others install it: its public names, what it needs, and what it never shows."""

from __future__ import annotations

import ast
import inspect
import logging
import pickle
import sys
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any

import farehistory_client
import httpx
import pytest
from farehistory_client import PROBLEMS, AsyncClient, Client, Head, Problem, Skipped, VersionConflict, testing
from farehistory_client._errors import problem_of
from farehistory_client._retry import RETRIED
from farehistory_client._transport import LIMITS
from farehistory_client.testing import FakeServer
from farehistory_client.testing._currencies import EXPONENTS
from farehistory_client.testing._problems import TITLES
from granian.http import HTTP1Settings

from events import money
from farehistory import serving
from farehistory.http import problem_codes
from tests.sdk.builders import price

FOLDER = Path(farehistory_client.__file__).parent


def test_each_code_of_the_platform_is_a_class() -> None:
    assert PROBLEMS.keys() == problem_codes.PROBLEMS.keys()
    assert all(kind.code == code for code, kind in PROBLEMS.items())


@pytest.mark.parametrize("code", problem_codes.PROBLEMS)
def test_a_problem_tells_what_the_platform_said(code: str) -> None:
    known = problem_codes.PROBLEMS[code]
    document = {
        "code": code,
        "status": known.status,
        "title": known.title,
        "detail": known.example,
        "request_id": "abc",
        "errors": [{"pointer": "/amount", "code": "required", "detail": "amount is required"}],
        "current": {"version": 2, "fare": "19.00", "currency": "SGD"},
        "index": 3,
        "problem": {"code": "negative_fare", "status": 409},
    }
    problem = problem_of(document, retry_after=1.0)
    assert type(problem) is PROBLEMS[code]
    assert (problem.status, problem.title, problem.detail) == (known.status, known.title, known.example)
    assert (problem.request_id, problem.errors[0].pointer, problem.retry_after) == ("abc", "/amount", 1.0)
    assert code in str(problem)
    assert (known.status in RETRIED) == (known.retry == "later" and known.status != 409)
    again = pickle.loads(pickle.dumps(problem))
    assert (type(again), str(again)) == (type(problem), str(problem))
    assert {**vars(again), "problem": None} == {**vars(problem), "problem": None}


def test_a_code_that_is_new_is_a_plain_problem() -> None:
    problem = problem_of({"code": "from_tomorrow", "status": 409})
    assert (type(problem), problem.code, problem.status) == (Problem, "from_tomorrow", 409)
    assert 409 not in RETRIED


def test_a_conflict_knows_the_fare() -> None:
    for current, head in (
        ({"version": 0, "fare": None, "currency": None}, Head(0, None, None)),
        ({"version": 2, "fare": "19.00", "currency": "SGD"}, Head(2, Decimal("19.00"), "SGD")),
    ):
        problem = problem_of({"code": "version_conflict", "current": current})
        assert isinstance(problem, VersionConflict)
        assert problem.current == pickle.loads(pickle.dumps(problem)).current == head
    again = pickle.loads(pickle.dumps(Skipped(3, 7, None)))
    assert (again.partition, again.expected, again.found) == (3, 7, None)


def test_the_fake_has_the_platforms_codes_and_currencies() -> None:
    known = problem_codes.PROBLEMS
    assert {code: (known[code].status, known[code].title) for code in TITLES} == dict(TITLES)
    assert dict(EXPONENTS) == {code: n for code, n in money._ISO_EXPONENTS.items() if n <= money.MAX_EXPONENT}


@pytest.mark.parametrize("package", [farehistory_client, testing])
def test_the_public_names_are_listed(package: Any) -> None:
    listed = package.__all__
    constants = [name for name in listed if name.isupper()]
    assert listed == [*sorted(constants), *sorted(name for name in listed if not name.isupper())]
    tree = ast.parse(Path(package.__file__).read_text())
    imported = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == sorted(listed)


@pytest.mark.parametrize("package", [farehistory_client, testing])
def test_the_public_names_are_documented(package: Any) -> None:
    for name in package.__all__:
        each = getattr(package, name)
        if inspect.isclass(each):
            assert each.__doc__ and not each.__doc__.startswith(f"{name}("), name
            methods = [
                m for m in vars(each).values() if inspect.isfunction(m) and not m.__name__.startswith("_")
            ]
            assert all(method.__doc__ for method in methods), name
        elif inspect.isfunction(each):
            assert each.__doc__, name


def test_both_clients_have_the_same_calls() -> None:
    def calls(client: type) -> dict[str, list[str]]:
        found = {name: m for name, m in vars(client).items() if inspect.isfunction(m) and name[0] != "_"}
        return {name: list(inspect.signature(method).parameters) for name, method in found.items()}

    of_both = calls(AsyncClient)
    of_both["close"] = of_both.pop("aclose")
    assert calls(Client) == of_both
    for kind in (testing.FeedDouble, testing.AsyncFeedDouble):
        assert calls(kind) == {name: calls(Client)[name] for name in ("feed", "feed_pages")}


def test_its_code_imports_nothing_of_the_platform() -> None:
    allowed = {"httpx", "httpcore", "farehistory_client", "msgspec", "pydantic", "redis"}
    allowed |= set(sys.stdlib_module_names)
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path


@pytest.mark.parametrize("fault", ["refused", "late", "unavailable", "unknown"])
def test_a_key_is_never_shown(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer()
    key = server.key("pricing")
    client = Client(server.url, key, http=server.transport)
    {
        "refused": lambda: server.refuse_connections(99),
        "late": lambda: server.answer_late(99),
        "unavailable": lambda: server.be_unavailable(99),
        "unknown": lambda: server.revoke(key),
    }[fault]()
    with caplog.at_level(logging.DEBUG), pytest.raises(farehistory_client.FareHistoryError) as error:
        client.append("BK-1", price(), expected_version=0)
    told = "".join(traceback.format_exception(error.value))
    shown = [repr(client), repr(vars(client)), repr(error.value), str(vars(error.value)), told, caplog.text]
    assert all(key not in each for each in [*shown, repr(server.requests)])


@pytest.mark.parametrize("end", ["\n", " ", "é", "\r\nX-Other: 1"])
def test_a_key_that_is_none_is_a_mistake_and_not_shown(end: str) -> None:
    """As one that was read from a file with its line end."""
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError) as error:
            kind("https://fares.test", "fh_secret" + end)
        assert "fh_secret" not in str(error.value)
    nothing: Any = None  # of an environment that has none
    for key in ("", nothing):
        with pytest.raises(ValueError):
            Client("https://fares.test", key)


@pytest.mark.parametrize(
    "wrong", ["fares.test", "ftp://fares.test", "https://", "https://mei:secret@fares.test", ""]
)
def test_an_address_that_is_none_is_a_mistake(wrong: str) -> None:
    with pytest.raises(ValueError) as error:
        Client(wrong, "fh_key")
    assert "secret" not in str(error.value)


def test_a_time_limit_is_of_the_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """httpx's is of each part of it: one byte a second would go on for ever."""
    from farehistory_client import _transport

    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr(_transport, "monotonic", lambda: float(next(clock)))

    class Dripping(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            while True:
                yield b" "

    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Dripping()))
    client = Client(
        "http://fares.test", "fh_key", http=transport, retries=farehistory_client.Retries(attempts=2)
    )
    with pytest.raises(farehistory_client.Unanswered):
        client.fare("BK-1")


def test_connections_are_given_up_before_the_server_closes_them() -> None:
    """Else a request may be sent on one that is being closed: granian waits so long for the next one's headers."""
    assert LIMITS.keepalive_expiry is not None
    assert LIMITS.keepalive_expiry < HTTP1Settings().header_read_timeout / 1000 / 2
    assert "http1_settings" not in inspect.getsource(serving), "it leaves that as it is"
