"""Who fails to log in too often is locked out: by name and address together, for a while, and with plain words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from events.audit import Asked, entries
from farehistory.security.lock_outs import address_to_lock
from tests.audits import acts_of, audit_cannot_be_written
from tests.projections.admin.pages import messages_of, text_of
from tests.staff import PASSWORD, signed_in, staff

LOG_IN = "/admin/login/"
LOCK_OUTS = "/admin/axes/accessattempt/"
LIMIT = 5


def an_address() -> str:
    """One that no other test fails from."""
    number = uuid4().int
    return f"2001:db8:{number >> 16 & 0xFFFF:x}:{number & 0xFFFF:x}::1"


def attempt(person: User | str, password: str, address: str, client: Client | None = None) -> Any:
    name = person if isinstance(person, str) else person.username
    client = client or Client()
    return client.post(LOG_IN, {"username": name, "password": password}, REMOTE_ADDR=address)


def locked_of(address: str) -> str:
    """What stands for the caller in a lock: the network of its IPv6 address."""
    return address.removesuffix("1")


def locked(person: User | str, address: str) -> Any:
    """Somebody who has just failed for the last time that is borne; the last answer."""
    for _ in range(LIMIT):
        answer = attempt(person, "wrong", address)
    return answer


def acts_under(name: str) -> list[str]:
    """What the audit has under this name, in order."""
    return [entry.action for entry in reversed(entries(Asked(person=name), limit=50))]


def test_after_five_failures_even_the_right_password_is_refused_with_plain_words() -> None:
    person, address = staff("viewer"), an_address()
    for _ in range(LIMIT - 1):
        assert attempt(person, "wrong", address).status_code == 200
    for password in ("wrong", PASSWORD):
        answer = attempt(person, password, address)
        content = answer.content.decode()
        assert answer.status_code == 429
        assert "Too many failed log-ins with this name from your address. Wait 15 minutes" in content
        assert answer["Retry-After"] == "900"
        assert f'value="{person.username}"' in content
        assert PASSWORD not in content


def test_the_same_person_gets_in_from_elsewhere_and_others_from_there() -> None:
    person, other, address = staff("viewer"), staff("viewer"), an_address()
    locked(person, address)
    assert attempt(person, PASSWORD, an_address()).status_code == 302
    assert attempt(other, PASSWORD, address).status_code == 302


def test_behind_a_proxy_it_is_the_callers_own_address_that_is_locked(settings: Any) -> None:
    settings.FAREHISTORY_PROXIES = 1
    person, address, proxy = staff("viewer"), an_address(), "10.0.0.1"

    def through_proxy(password: str, caller: str) -> int:
        form = {"username": person.username, "password": password}
        # What a caller claims itself stands on the left, and changes nothing.
        forwarded = f"{an_address()}, {caller}"
        return (
            Client().post(LOG_IN, form, REMOTE_ADDR=proxy, headers={"X-Forwarded-For": forwarded}).status_code
        )

    for _ in range(LIMIT):
        through_proxy("wrong", address)
    assert through_proxy(PASSWORD, address) == 429
    assert through_proxy(PASSWORD, an_address()) == 302


def test_another_browser_of_the_same_address_does_not_help() -> None:
    person, address = staff("viewer"), an_address()
    for number in range(LIMIT):
        attempt(person, "wrong", address, Client(headers={"User-Agent": f"browser {number}"}))
    assert attempt(person, PASSWORD, address).status_code == 429


def test_another_address_of_the_same_ipv6_network_does_not_help() -> None:
    """Whoever has one such address has all 2^64 of its network, and would try on from the next one."""
    person, address = staff("viewer"), an_address()
    for number in range(LIMIT):
        attempt(person, "wrong", f"{locked_of(address)}{number:x}")
    assert attempt(person, PASSWORD, f"{locked_of(address)}ffff:7:8:9".replace("::", ":")).status_code == 429


@pytest.mark.parametrize(
    ("address", "locks"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::"),
        ("", None),
    ],
)
def test_what_a_name_is_locked_for(address: str, locks: str | None, rf: RequestFactory) -> None:
    assert address_to_lock(rf.get("/", REMOTE_ADDR=address)) == locks


def test_a_name_that_nobody_has_is_locked_like_any_other() -> None:
    """Otherwise the answer would tell which names there are."""
    name, address = f"nobody-{uuid4().hex[:8]}", an_address()
    assert locked(name, address).status_code == 429


def test_what_is_no_accounts_name_is_shown_to_nobody() -> None:
    """It is often a password that was typed into the wrong field; and there is nobody to let in."""
    name = f"hunter-{uuid4().hex[:8]}"
    locked(name, an_address())
    for group in ("operator", "auditor"):
        assert name not in signed_in(group).get(LOCK_OUTS).content.decode()


def test_the_lock_opens_by_itself() -> None:
    person, address = staff("viewer"), an_address()
    locked(person, address)
    AccessAttempt.objects.filter(username=person.username).update(
        attempt_time=timezone.now() - timedelta(minutes=15, seconds=1)
    )
    assert attempt(person, PASSWORD, address).status_code == 302


def test_trying_while_locked_does_not_lock_for_longer() -> None:
    person, address = staff("viewer"), an_address()
    locked(person, address)
    almost = timezone.now() - timedelta(minutes=13)  # not so close to its end that it is over meanwhile
    AccessAttempt.objects.filter(username=person.username).update(attempt_time=almost)
    attempt(person, "wrong", address)
    assert AccessAttempt.objects.get(username=person.username).attempt_time == almost


def test_getting_in_forgets_the_failures() -> None:
    person, address = staff("viewer"), an_address()
    for _ in range(3):
        for _ in range(LIMIT - 1):
            attempt(person, "wrong", address)
        assert attempt(person, PASSWORD, address).status_code == 302


def test_no_password_that_was_tried_is_kept_anywhere() -> None:
    person, address, tried = staff("viewer"), an_address(), f"tried-{uuid4().hex}"
    attempt(person, tried, address)
    row = AccessAttempt.objects.filter(username=person.username).values().get()
    assert not [name for name, value in row.items() if tried in str(value)]
    assert tried not in str(entries(Asked(person=person.username), limit=10)[0].details)


def test_log_ins_failures_and_the_lock_are_in_the_audit_the_lock_once() -> None:
    person, address = staff("viewer"), an_address()
    locked(person, address)
    for _ in range(3):
        attempt(person, "wrong", address)
    assert acts_under(person.username) == ["log_in_failed"] * (LIMIT - 1) + ["locked_out"]
    assert {entry.address for entry in entries(Asked(person=person.username), limit=10)} == {address}


def test_a_name_that_nobody_has_is_not_kept_in_the_audit() -> None:
    """It is often a password that was typed into the wrong field."""
    name, address = f"hunter-{uuid4().hex[:8]}", an_address()
    attempt(name, "wrong", address)
    newest = next(
        entry for entry in entries(Asked(action="log_in_failed"), limit=20) if entry.address == address
    )
    assert (newest.user_name, newest.user_id, newest.details) == ("", None, {})


def test_nobody_gets_in_whose_log_in_cannot_be_noted() -> None:
    person, client = staff("viewer"), Client(raise_request_exception=False)
    with audit_cannot_be_written():
        answer = attempt(person, PASSWORD, an_address(), client)
    assert answer.status_code == 503
    assert client.get("/admin/").status_code == 302
    assert attempt(person, PASSWORD, an_address(), client).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_logging_out_is_noted_and_works_also_where_it_cannot_be() -> None:
    person = staff("viewer")
    client = Client()
    client.force_login(person)
    client.post("/admin/logout/")
    assert acts_under(person.username) == ["logged_in", "logged_out"]
    client.force_login(person)
    with audit_cannot_be_written():
        client.post("/admin/logout/")
        assert client.get("/admin/").status_code == 302


def test_an_operator_sees_who_is_locked_out_and_lets_them_in() -> None:
    person, address, operator = staff("viewer"), an_address(), signed_in("operator")
    locked(person, address)
    assert f"{person.username} {locked_of(address)}/64 {LIMIT}" in text_of(operator.get(LOCK_OUTS))
    form = {"name": person.username, "address": locked_of(address)}
    answer = operator.post(f"{LOCK_OUTS}unlock/", form)
    assert (answer.status_code, answer["Location"]) == (302, LOCK_OUTS)
    assert messages_of(answer) == [f"{person.username} may try again."]
    assert attempt(person, PASSWORD, address).status_code == 302
    assert acts_of(operator) == [("unlocked", None, form)]


def test_unlocking_opens_this_lock_and_no_other() -> None:
    person, address, elsewhere = staff("viewer"), an_address(), an_address()
    locked(person, address)
    locked(person, elsewhere)
    form = {"name": person.username, "address": locked_of(address)}
    signed_in("operator").post(f"{LOCK_OUTS}unlock/", form)
    assert attempt(person, PASSWORD, address).status_code == 302
    locked(person, address)
    assert attempt(person, PASSWORD, elsewhere).status_code == 429


def test_a_lock_for_callers_whose_address_could_not_be_told_is_opened_alone() -> None:
    person, elsewhere, operator = staff("viewer"), an_address(), signed_in("operator")
    for address in ("", elsewhere):
        locked(person, address)
    assert operator.post(f"{LOCK_OUTS}unlock/", {"name": person.username, "address": ""}).status_code == 302
    assert attempt(person, PASSWORD, "").status_code == 302
    assert attempt(person, PASSWORD, elsewhere).status_code == 429


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": ""},
        {"name": "nobody-known", "address": "2001:db8::"},
        {"name": "nobody-known", "address": "nonsense"},
        {"name": "no\0body", "address": "2001:db8::"},
    ],
)
def test_unlocking_what_is_not_locked_opens_nothing_and_says_so(form: dict[str, str]) -> None:
    person, address, operator = staff("viewer"), an_address(), signed_in("operator")
    locked(person, address)
    answer = operator.post(f"{LOCK_OUTS}unlock/", form)
    assert "is not locked out any more" in messages_of(answer)[0]
    assert attempt(person, PASSWORD, address).status_code == 429
    assert acts_of(operator) == []


def test_a_lock_that_cannot_be_noted_as_opened_stays() -> None:
    person, address, operator = staff("viewer"), an_address(), signed_in("operator")
    locked(person, address)
    operator.raise_request_exception = False
    with audit_cannot_be_written():
        form = {"name": person.username, "address": locked_of(address)}
        answer = operator.post(f"{LOCK_OUTS}unlock/", form)
    assert answer.status_code == 503
    assert attempt(person, PASSWORD, address).status_code == 429


def test_an_auditor_may_look_but_is_offered_no_button() -> None:
    person, address, auditor = staff("viewer"), an_address(), signed_in("auditor")
    locked(person, address)
    answer = auditor.get(LOCK_OUTS)
    assert person.username in text_of(answer)
    assert "unlock" not in answer.content.decode().partition('<main id="content"')[2]


def test_who_failed_less_often_is_not_on_the_list() -> None:
    person, address = staff("viewer"), an_address()
    attempt(person, "wrong", address)
    assert person.username not in text_of(signed_in("operator").get(LOCK_OUTS))
