"""Keys that processes hold: looked up seldom, and refused at the next request once they are revoked."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Self

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.utils import timezone

from events import api_keys, key_acts, key_check, rate_limits
from events.key_acts import By
from events.models import ApiKey
from tests.api_client import Api, assert_problem
from tests.projections.cache.conftest import Server
from tests.threads import together

_ELSEWHERE = """
import sys
import django
django.setup()
from tests.api_client import Api
for line in sys.stdin:
    print(Api(line.strip()).get("fares/unknown", Host="localhost").status_code, flush=True)
"""


class Elsewhere:
    """Another process that answers requests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ELSEWHERE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def status(self, key: str) -> int:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{key}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)


@pytest.fixture(scope="module")
def elsewhere(django_db_setup: None) -> Iterator[Elsewhere]:
    with Elsewhere() as process:
        yield process


def status(text: str) -> int:
    return int(Api(text).get("fares/unknown").status_code)


def used() -> tuple[ApiKey, str]:
    """A key that this process holds."""
    key, text = api_keys.create("pricing", ["fares:read"])
    for _ in range(2):
        assert status(text) == 404
    assert key.key_id in key_check._held
    return key, text


@contextmanager
def looked_up() -> Iterator[Callable[[], int]]:
    """How often a key was looked up in the block, in this thread."""
    count = 0

    def see(execute: Callable[..., object], statement: str, *rest: object) -> object:
        nonlocal count
        count += "events_apikey" in statement and statement.startswith("SELECT")
        return execute(statement, *rest)

    with connection.execute_wrapper(see):
        yield lambda: count


def test_a_key_that_is_held_is_not_looked_up() -> None:
    _, text = used()
    with looked_up() as times:
        for _ in range(5):
            assert status(text) == 404
        assert times() == 0


def test_a_key_that_is_revoked_here_is_refused_there_at_the_very_next_request(elsewhere: Elsewhere) -> None:
    for _ in range(5):
        key, text = api_keys.create("pricing", ["fares:read"])
        for _ in range(3):
            assert elsewhere.status(text) == 404
        assert key_acts.revoke(By(account="tests"), key)
        assert elsewhere.status(text) == 401


def test_a_key_that_is_rotated_without_overlap_is_refused_there_at_the_very_next_request(
    elsewhere: Elsewhere,
) -> None:
    key, text = api_keys.create("pricing", ["fares:read"])
    for _ in range(3):
        assert elsewhere.status(text) == 404
    _, successor = api_keys.rotate(key, works_until=timezone.now())
    assert elsewhere.status(text) == 401
    assert elsewhere.status(successor) == 404


def test_a_key_is_refused_only_once_the_revocation_is_committed() -> None:
    key, text = used()
    with transaction.atomic():
        api_keys.revoke(key)
        (meanwhile,) = together([partial(status, text)])
        assert meanwhile == 404
        transaction.set_rollback(True)
    assert status(text) == 404


def test_a_key_that_is_held_expires_by_the_clock() -> None:
    _, text = used()
    held = next(each for each in key_check._held.values() if each.key.key_id in text)
    held.key.expires_at = timezone.now() - timedelta(microseconds=1)
    assert status(text) == 401


def test_a_wrong_secret_of_a_key_that_is_held_is_refused_and_takes_nothing_from_its_quota() -> None:
    key, text = used()
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    before = rate_limits.take(key)
    with looked_up() as times:
        for _ in range(5):
            assert status(wrong) == 401
        assert times() == 0
    after = rate_limits.take(key)
    assert before is not None and after is not None
    assert before.left - after.left <= 1


def test_what_is_held_has_the_hash_of_the_secret_and_not_the_secret() -> None:
    key, text = used()
    secret = text.removeprefix(f"fh_{key.key_id}_")
    assert secret not in repr(key_check._held) + repr(vars(key_check._held[key.key_id].key))


def test_a_key_that_was_revoked_by_sql_is_refused_when_it_has_been_held_for_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_check, "HELD_SECONDS", 0.0)
    key, text = api_keys.create("pricing", ["fares:read"])
    assert [status(text), status(text)] == [404, 404]
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert status(text) == 401


def test_a_revocation_between_look_up_and_hold_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    key, text = used()
    key_check._held.clear()
    verify = api_keys.verify

    def verify_and_then_it_is_revoked(given: str) -> ApiKey | None:
        found = verify(given)
        together([partial(api_keys.revoke, key)])
        rate_limits.take(key)  # another process, which held it too, was about to: there is a new stamp
        return found

    monkeypatch.setattr(api_keys, "verify", verify_and_then_it_is_revoked)
    assert status(text) == 404  # it began before the revocation returned
    monkeypatch.setattr(api_keys, "verify", verify)
    assert status(text) == 401


def test_no_request_that_begins_after_a_revocation_is_let_in_however_many_look_up_at_once(
    settings: Any,
) -> None:
    settings.FAREHISTORY_WRONG_KEYS_PER_MINUTE = 0
    for _ in range(5):
        key, text = api_keys.create("pricing", ["fares:read"])
        revoked = threading.Event()
        let_in: list[bool] = []

        def ask(text: str = text, revoked: threading.Event = revoked, let_in: list[bool] = let_in) -> None:
            for _ in range(40):
                is_over = revoked.is_set()
                admitted = key_check.admit(text, lambda: "192.0.2.1") is not None
                if is_over:
                    let_in.append(admitted)
            connections.close_all()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        api_keys.revoke(key)
        revoked.set()
        for thread in threads:
            thread.join()
        assert not any(let_in)
        assert key_check.admit(text, lambda: "192.0.2.1") is None


# Redis


def test_without_redis_every_request_asks_postgresql(server: Server) -> None:
    key, text = used()
    with server.frozen():
        with looked_up() as times:
            for _ in range(4):
                assert status(text) == 404
            assert times() == 4
        assert api_keys.revoke(key)
        assert status(text) == 401
    rate_limits.outage.reset()
    assert status(text) == 401


def test_a_flush_makes_every_key_be_looked_up_again(server: Server) -> None:
    _, text = used()
    server.client.flushall()
    with looked_up() as times:
        assert status(text) == 404
        assert times() == 1
        assert status(text) == 404
        assert times() == 1


def test_a_stamp_is_never_given_twice(server: Server) -> None:
    key, _ = used()
    stamps = set()
    for _ in range(20):
        rate_limits.renew_stamp(key.key_id)
        standing = rate_limits.take(key)
        assert standing is not None
        stamps.add(standing.stamp)
    assert len(stamps) == 20


def test_a_revocation_that_redis_cannot_be_told_of_is_made_and_said(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    key, text = used()
    with server.frozen():
        assert api_keys.revoke(key)
    assert f"Redis could not be told that the key {key.key_id} has changed" in caplog.text
    assert text not in caplog.text
    assert ApiKey.objects.get(pk=key.pk).revoked_at is not None


# Floods of wrong keys


def test_a_flood_of_wrong_keys_from_one_address_is_not_looked_up_without_bound(
    server: Server, settings: Any
) -> None:
    settings.FAREHISTORY_WRONG_KEYS_PER_MINUTE = 5
    _, text = used()
    with looked_up() as times:
        answers = [Api(f"fh_{number:016x}_{'A' * 43}").get("fares/BK-1") for number in range(20)]
        assert times() == 5
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 15
    problem = assert_problem(answers[-1], 429, "rate_limited")
    assert "Too many wrong API keys" in problem["detail"]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 12
    assert status(text) == 404, "keys that are held come through"


def test_keys_that_nobody_has_leave_nothing_in_redis_but_one_count(server: Server) -> None:
    for number in range(10):
        status(f"fh_{number:016x}_{'A' * 43}")
    prefix = django_settings.REDIS_PREFIX
    assert server.client.keys(f"{prefix}*") == [f"{prefix}wrong-keys:127.0.0.1".encode()]
