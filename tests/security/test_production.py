"""The settings where HTTPS is set, as a process of its own reads them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from typing import Any

import pytest

ASK = """
import json
from django.conf import settings
names = {names!r}
print(json.dumps({{name: getattr(settings, name, None) for name in names}}))
"""

ANSWERS = """
import json, sys, django
django.setup()
from django.test import Client
answers = []
for address, headers in json.load(sys.stdin):
    client = Client(headers=headers)
    answer = client.get(address)
    answers.append({
        "status": answer.status_code, **dict(answer.items()),
        "cookies": {name: cookie.OutputString() for name, cookie in client.cookies.items()},
    })
print(json.dumps(answers))
"""

Answers = dict[str, dict[str, Any]]

LOG_IN = "/admin/login/"
ASKED = [
    (LOG_IN, {"X-Forwarded-Proto": "https"}),
    *((address, {}) for address in ("/admin/", "/api/v1/fares/BK-1", "/health/live")),
]
"""Addresses and headers that production is asked with."""


def _ours() -> dict[str, str]:
    """This process's environment without what browsers in other tests need."""
    return {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}


def python(*arguments: str, said: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**_ours(), "DJANGO_SETTINGS_MODULE": "farehistory.settings", **environment},
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def production(**environment: str) -> dict[str, str]:
    hosts = "fares.example,testserver"
    return {"HTTPS": "true", "SECRET_KEY": secrets.token_urlsafe(50), "ALLOWED_HOSTS": hosts, **environment}


def settings_with(*names: str, **environment: str) -> dict[str, Any]:
    ran = python("-c", ASK.format(names=names), **environment)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What one process of production answers at each address."""
    ran = python("-c", ANSWERS, said=json.dumps(ASKED), **production())
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    return {address: answer for (address, _), answer in zip(ASKED, found, strict=True)}


def test_the_check_for_deployment_finds_nothing() -> None:
    ran = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **production())
    assert ran.returncode == 0, ran.stderr
    assert "no issues" in ran.stdout + ran.stderr


def test_cookies_go_by_tls_only_and_belong_to_this_host_alone(answers: Answers) -> None:
    found = answers[LOG_IN]
    assert found["status"] == 200
    [(name, cookie)] = found["cookies"].items()
    assert name == "__Host-csrf"
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookie
    assert "Domain" not in cookie
    assert settings_with("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", **production()) == {
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
    }


def test_browsers_are_told_to_come_by_tls_for_a_year(answers: Answers) -> None:
    found = answers[LOG_IN]
    assert found["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_a_page_that_was_asked_for_without_tls_is_asked_for_again(answers: Answers) -> None:
    found = answers["/admin/"]
    assert (found["status"], found["Location"]) == (301, "https://testserver/admin/")


@pytest.mark.parametrize("address", ["/api/v1/fares/BK-1", "/health/live"])
def test_services_and_probes_inside_may_come_without_tls(answers: Answers, address: str) -> None:
    assert answers[address]["status"] in (401, 200)


def test_hsts_can_be_shorter_or_leave_subdomains_out() -> None:
    found = settings_with(
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        **production(FAREHISTORY_HSTS_SECONDS="60", FAREHISTORY_HSTS_SUBDOMAINS="false"),
    )
    assert found == {"SECURE_HSTS_SECONDS": 60, "SECURE_HSTS_INCLUDE_SUBDOMAINS": False}


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_secret_key_of_its_own_production_does_not_start(key: str) -> None:
    ran = python("manage.py", "check", **production(SECRET_KEY=key))
    assert ran.returncode != 0
    assert f"SECRET_KEY has {len(key)} characters" in ran.stderr


def test_on_a_laptop_nothing_of_that_is_asked_for() -> None:
    found = settings_with("SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_NAME", HTTPS="")
    assert found == {
        "SESSION_COOKIE_SECURE": False,
        "SECURE_SSL_REDIRECT": False,
        "SESSION_COOKIE_NAME": "sessionid",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FAREHISTORY_LOGIN_FAILURES", "0"),
        ("FAREHISTORY_LOCKOUT_MINUTES", "-1"),
        ("FAREHISTORY_IDLE_MINUTES", "an hour"),
        ("FAREHISTORY_SESSION_MINUTES", "0"),
        ("FAREHISTORY_PROXIES", "many"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, value: str) -> None:
    ran = python("manage.py", "check", **{name: value})
    assert ran.returncode != 0
    assert f"{name} is {value!r}" in ran.stderr
