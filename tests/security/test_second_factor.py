"""A second factor: set up with an app, asked for after the password, replaced by recovery codes, removed."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from events.audit import Asked, entries
from farehistory.security.second_factor import devices, qr
from tests.audits import acts_of, audit_cannot_be_written
from tests.projections.admin.pages import messages_of, text_of
from tests.staff import PASSWORD, staff

START = "/admin/"
STATUS = "/admin/second-factor/"
SET_UP = f"{STATUS}set-up/"
CHECK = f"{STATUS}check/"
CODES = f"{STATUS}recovery-codes/"
REMOVE = f"{STATUS}remove/"


def code_of(secret: str, steps: int = 0) -> str:
    """What an app that has this secret (base 32) shows now, or so many steps of 30 seconds from now."""
    totp = TOTP(b32decode(secret))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06d}"


def secret_on(answer: Any) -> str:
    """The secret that the page tells, as somebody types it into an app."""
    [text] = re.findall(r'fh-factor-secret">([^<]+)<', answer.content.decode())
    return text.replace(" ", "")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


class Somebody:
    """A member of staff with an app, and the browser that they sign in with."""

    def __init__(self, group: str = "viewer") -> None:
        self.person: User = staff(group)
        self.client = Client()
        self.secret = ""
        self.recovery_codes: list[str] = []
        self.used = -2  # steps: each code lets in once, so each next one is of a later step

    def signs_in(self, client: Client | None = None) -> Any:
        form = {"username": self.person.username, "password": PASSWORD}
        return (client or self.client).post("/admin/login/", form)

    def sets_up(self) -> Any:
        self.signs_in()
        self.secret = secret_on(self.client.get(SET_UP))
        answer = self.client.post(SET_UP, {"code": self.next_code()})
        self.recovery_codes = answer.context["codes"]
        return answer

    def next_code(self) -> str:
        """A code of the app that was not used yet; phones' clocks may be a little off."""
        self.used += 1
        assert self.used <= 1, "the app has no further code that is accepted"
        left = 30 - time.time() % 30
        if left < 2:  # a code of the step before would be too old by the time that it is looked at
            time.sleep(left)
        return code_of(self.secret, self.used)

    def gives(self, code: str, client: Client | None = None) -> Any:
        return (client or self.client).post(CHECK, {"code": code})

    @property
    def acts(self) -> list[str]:
        found = entries(Asked(person=self.person.username), limit=50)
        return [entry.action for entry in reversed(found)]


@pytest.fixture
def somebody() -> Somebody:
    """Who has set a second factor up, and signed in anew with the password alone."""
    one = Somebody()
    one.sets_up()
    one.client = Client()
    one.signs_in()
    return one


def test_nobody_has_one_at_first_and_nobody_is_asked_for_one() -> None:
    one = Somebody()
    one.signs_in()
    assert one.client.get(START).status_code == 200
    assert "You have none" in text_of(one.client.get(STATUS))


def test_it_is_set_up_with_a_code_of_the_app_and_recovery_codes_are_shown_once() -> None:
    one = Somebody()
    page = text_of(one.sets_up())
    assert len(set(one.recovery_codes)) == 10
    assert all(re.fullmatch(r"[a-z2-7]{4}-[a-z2-7]{4}", code) for code in one.recovery_codes)
    assert all(code in page for code in one.recovery_codes)
    assert one.client.get(START).status_code == 200  # this browser need not be asked
    status = text_of(one.client.get(STATUS))
    assert "You have 10 recovery codes left" in status
    assert not any(code in status for code in one.recovery_codes)
    assert one.acts == ["logged_in", "second_factor_added"]


def test_the_square_says_what_the_text_does_and_nothing_is_asked_of_another_host() -> None:
    one = Somebody()
    one.signs_in()
    answer = one.client.get(SET_UP)
    content, secret = answer.content.decode(), secret_on(answer)
    address = devices.offered(one.person, b32decode(secret).hex()).config_url
    assert str(qr.svg(address)) in content
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == f"/Fare history:{one.person.username}"
    assert parse_qs(parts.query)["secret"] == [secret]
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', content)
    assert "no-store" in answer["Cache-Control"]


def test_reloading_the_page_keeps_the_secret_that_the_phone_has_taken() -> None:
    one = Somebody()
    one.signs_in()
    first = secret_on(one.client.get(SET_UP))
    assert secret_on(one.client.get(SET_UP)) == first
    assert not TOTPDevice.objects.filter(user=one.person).exists()


@pytest.mark.parametrize("code", ["", "000", "abcdef", "１２３４５６", "9" * 500, "wrong"])
def test_with_another_code_nothing_is_set_up(code: str) -> None:
    one = Somebody()
    one.signs_in()
    secret = secret_on(one.client.get(SET_UP))
    answer = one.client.post(SET_UP, {"code": wrong(code_of(secret, 5)) if code == "wrong" else code})
    assert "This code is not right" in text_of(answer)
    assert secret_on(answer) == secret
    assert not TOTPDevice.objects.filter(user=one.person).exists()


def test_after_the_password_the_code_is_asked_for_before_any_page(somebody: Somebody) -> None:
    for page in (
        START,
        STATUS,
        SET_UP,
        "/admin/projections/currentfare/",
        "/admin/password_change/",
        "/admin/no/",
    ):
        answer = somebody.client.get(f"{page}?q=1")
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, CHECK), page
        assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [f"{page}?q=1"]
    for act in (CODES, REMOVE, "/admin/password_change/"):
        assert somebody.client.post(act)["Location"].startswith(CHECK), act
    assert TOTPDevice.objects.filter(user=somebody.person).exists()


def test_the_code_of_the_app_leads_on_to_where_they_were_going(somebody: Somebody) -> None:
    page = "/admin/projections/currentfare/?q=BK-1"
    asked = somebody.client.get(somebody.client.get(page)["Location"])
    assert "Your second factor" in text_of(asked)
    answer = somebody.client.post(CHECK, {"code": somebody.next_code(), "next": page})
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert somebody.client.get(START).status_code == 200
    assert somebody.acts[-2:] == ["logged_in", "second_factor_passed"]


def test_a_session_that_is_known_to_somebody_else_does_not_become_theirs(somebody: Somebody) -> None:
    """Who knows the password could sign in, plant that session in the person's browser, and wait for the code."""
    planted = somebody.client.cookies["sessionid"].value
    somebody.gives(somebody.next_code())
    attacker = Client()
    attacker.cookies["sessionid"] = planted
    assert attacker.get(START).status_code == 302
    assert somebody.client.get(START).status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "nowhere",
        "admin:logout",
        "-1",
        "\0",
    ],
)
def test_the_code_leads_to_no_other_site(somebody: Somebody, elsewhere: str) -> None:
    answer = somebody.client.post(CHECK, {"code": somebody.next_code(), "next": elsewhere})
    assert (answer.status_code, answer["Location"]) == (302, START)


def test_a_code_may_be_typed_as_people_type(somebody: Somebody) -> None:
    code = somebody.next_code()
    assert somebody.gives(f" {code[:3]} {code[3:]} ").status_code == 302
    assert somebody.client.get(START).status_code == 200


def test_a_wrong_code_lets_nobody_in_and_is_noted(somebody: Somebody) -> None:
    answer = somebody.gives(wrong(code_of(somebody.secret, 7)))
    assert "This code is not right, or was used already." in text_of(answer)
    assert somebody.client.get(START).status_code == 302
    assert somebody.acts[-1] == "second_factor_failed"


def test_a_code_lets_in_once(somebody: Somebody) -> None:
    code, other = somebody.next_code(), Client()
    somebody.gives(code)
    somebody.signs_in(other)
    assert "was used already" in text_of(somebody.gives(code, other))
    assert other.get(START).status_code == 302


def test_after_a_wrong_code_even_the_right_one_has_to_wait(somebody: Somebody) -> None:
    somebody.gives("000000")
    somebody.gives("000000")
    answer = somebody.gives(somebody.next_code())
    assert re.search(r"Too many wrong codes\. Try again in \d+ seconds?\.", text_of(answer))
    assert somebody.client.get(START).status_code == 302


def test_a_recovery_code_lets_in_once_too(somebody: Somebody) -> None:
    code, other = somebody.recovery_codes[3], Client()
    assert somebody.gives(code.upper()).status_code == 302
    assert "You have 9 recovery codes left" in text_of(somebody.client.get(STATUS))
    passed = entries(Asked(person=somebody.person.username), limit=1)[0]
    assert (passed.action, passed.details) == ("second_factor_passed", {"by": "recovery code"})
    somebody.signs_in(other)
    assert "was used already" in text_of(somebody.gives(code, other))


def test_new_recovery_codes_take_the_place_of_the_old_ones_and_the_browser_stays_in(
    somebody: Somebody,
) -> None:
    somebody.gives(somebody.recovery_codes[0])
    answer = somebody.client.post(CODES, {"code": somebody.recovery_codes[2]})
    new = answer.context["codes"]
    assert "no-store" in answer["Cache-Control"]
    assert not set(new) & set(somebody.recovery_codes)
    assert somebody.client.get(START).status_code == 200
    other = Client()
    somebody.signs_in(other)
    assert somebody.gives(somebody.recovery_codes[1], other).status_code == 200
    assert somebody.acts.count("recovery_codes_made") == 1


def test_a_browser_that_was_left_open_gives_nobody_recovery_codes(somebody: Somebody) -> None:
    """With them one could come back, or remove the second factor."""
    somebody.gives(somebody.next_code())
    for code in ("", "not-one"):
        answer = somebody.client.post(CODES, {"code": code})
        assert answer["Location"] == STATUS
        TOTPDevice.objects.filter(user=somebody.person).update(throttling_failure_count=0)
    assert "This code is not right" in messages_of(answer)[0]
    assert devices.recovery_codes_left(somebody.person) == 10
    assert somebody.acts[-2:] == ["second_factor_failed", "second_factor_failed"]


def test_another_persons_code_does_not_help(somebody: Somebody) -> None:
    other = Somebody()
    other.sets_up()
    assert somebody.gives(other.recovery_codes[0]).status_code == 200
    assert somebody.client.get(START).status_code == 302


def test_it_is_removed_with_a_code_only(somebody: Somebody) -> None:
    somebody.gives(somebody.recovery_codes[0])
    answer = somebody.client.post(REMOVE, {"code": "not-one"})
    assert "This code is not right" in messages_of(answer)[0]
    assert devices.is_set_up(somebody.person)
    TOTPDevice.objects.filter(user=somebody.person).update(throttling_failure_count=0)
    answer = somebody.client.post(REMOVE, {"code": somebody.next_code()})
    assert "your password alone lets you in" in messages_of(answer)[-1]
    assert not devices.is_set_up(somebody.person)
    assert not StaticToken.objects.filter(device__user=somebody.person).exists()
    other = Client()
    somebody.signs_in(other)
    assert other.get(START).status_code == 200
    assert somebody.acts[-2:] == ["second_factor_removed", "logged_in"]


def test_who_has_none_can_remove_none(somebody: Somebody) -> None:
    one = Somebody()
    one.signs_in()
    for act in (REMOVE, CODES):
        assert one.client.post(act)["Location"] == STATUS
    assert one.acts == ["logged_in"]


@pytest.fixture
def required(settings: Any) -> None:
    settings.FAREHISTORY_REQUIRE_SECOND_FACTOR = True


def test_where_it_is_required_nothing_else_is_shown_until_it_is_set_up(required: None) -> None:
    one = Somebody()
    one.signs_in()
    page = "/admin/projections/currentfare/"
    answer = one.client.get(page)
    assert answer["Location"] == f"{SET_UP}?next=%2Fadmin%2Fprojections%2Fcurrentfare%2F"
    asked = one.client.get(answer["Location"])
    assert "A second factor is required here." in text_of(asked)
    done = one.client.post(SET_UP, {"code": code_of(secret_on(asked)), "next": page})
    assert f'href="{page}"' in done.content.decode()
    assert one.client.get(page).status_code == 200


def test_where_it_is_required_nobody_removes_their_own(required: None) -> None:
    one = Somebody()
    one.sets_up()
    answer = one.client.post(REMOVE, {"code": one.recovery_codes[0]})
    assert "can be replaced by an administrator" in messages_of(answer)[0]
    assert devices.is_set_up(one.person)
    assert "ask an administrator" in text_of(one.client.get(STATUS))


def test_the_log_in_page_and_leaving_are_open_without_it(required: None) -> None:
    one = Somebody()
    one.signs_in()
    assert one.client.post("/admin/logout/").status_code in (200, 302)
    assert one.client.get("/admin/login/").status_code == 200


def administrator() -> Client:
    person = staff()
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client


def test_an_administrator_removes_that_of_somebody_who_lost_the_phone(somebody: Somebody) -> None:
    admin = administrator()
    form = {"action": "remove_second_factor", "_selected_action": [somebody.person.pk]}
    answer = admin.post("/admin/auth/user/", form)
    assert messages_of(answer) == [f"{somebody.person.username} has no second factor any more."]
    assert somebody.client.get(START).status_code == 200
    assert acts_of(admin) == [("second_factor_removed", None, {"of": somebody.person.username})]


def test_no_page_shows_the_secrets_of_others_to_an_administrator() -> None:
    admin = administrator()
    for page in ("otp_totp/totpdevice/", "otp_static/staticdevice/"):
        assert admin.get(f"/admin/{page}").status_code == 404


def test_what_cannot_be_noted_sets_nothing_up_and_lets_nobody_in(somebody: Somebody) -> None:
    one = Somebody()
    one.signs_in()
    secret = secret_on(one.client.get(SET_UP))
    one.client.raise_request_exception = somebody.client.raise_request_exception = False
    with audit_cannot_be_written():
        assert one.client.post(SET_UP, {"code": code_of(secret)}).status_code == 503
        assert somebody.gives(somebody.recovery_codes[0]).status_code == 503
    assert not devices.is_set_up(one.person)
    assert somebody.client.get(START).status_code == 302


def test_the_api_asks_for_no_second_factor(somebody: Somebody) -> None:
    assert somebody.client.get("/api/v1/fares/BK-1").status_code == 401
    assert somebody.client.get("/api/docs").status_code == 200
