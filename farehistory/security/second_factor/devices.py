"""A person's second factor, on the models of django-otp: set up, checked, removed."""

from __future__ import annotations

import time
from base64 import b32encode
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_otp import match_token
from django_otp.models import Device
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

RECOVERY_CODES: Final = 10
"""How many are made at a time; each lets in once."""

_NAME: Final = "default"
_TOLERANCE: Final = 1
"""Steps of 30 seconds that a phone's clock may be off when its factor is set up."""


class TooManyTries(Exception):
    """Wrong codes were given too often; `seconds` until the next may be tried."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


def is_set_up(user: User) -> bool:
    """Whether the person has confirmed a second factor."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def new_key() -> str:
    """A secret for a factor, as hexadecimal digits."""
    key: str = default_key()
    return key


def offered(user: User, key: str) -> TOTPDevice:
    """The factor that this secret would be. It is kept nowhere yet."""
    return TOTPDevice(user=user, key=key, name=_NAME)


@transaction.atomic
def confirm(user: User, key: str, code: str) -> tuple[TOTPDevice, list[str]] | None:
    """Sets the factor of this secret up if the code is its own: the factor, and its recovery codes in clear."""
    User.objects.select_for_update().get(pk=user.pk)  # two windows set up one factor
    if is_set_up(user):
        return None
    device = offered(user, key)
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time()
    plain = _plain(code)
    if not (plain.isascii() and plain.isdigit() and totp.verify(int(plain), _TOLERANCE)):
        return None
    device.drift, device.last_t, device.confirmed = totp.drift, totp.t(), True
    device.save()
    return device, make_recovery_codes(user)


def check(user: User, code: str) -> Device | None:
    """What accepted the code, of the app or a recovery code, which is used up then. Raises TooManyTries."""
    for device in TOTPDevice.objects.filter(user=user, confirmed=True):
        _demand_allowed(device)
    accepted: Device | None = match_token(user, _plain(code))
    return accepted


@transaction.atomic
def make_recovery_codes(user: User) -> list[str]:
    """New ones in place of those that are left. They can be shown now and never again."""
    device, _made = StaticDevice.objects.get_or_create(user=user, name=_NAME)
    device.token_set.all().delete()
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def secret(device: TOTPDevice) -> str:
    """The factor's secret in base 32, as apps take it."""
    return b32encode(device.bin_key).decode()


def recovery_codes_left(user: User) -> int:
    """How many recovery codes the person has not used yet."""
    return int(StaticToken.objects.filter(device__user=user).count())


@transaction.atomic
def remove(user: User) -> bool:
    """The person has no second factor any more; whether there was one."""
    removed, _ = TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    return bool(removed)


def _plain(code: str) -> str:
    """As apps and paper write it: with spaces, hyphens or capitals."""
    return code.replace(" ", "").replace("-", "").lower()[:16]


def _demand_allowed(device: Any) -> None:
    allowed, why = device.verify_is_allowed()
    if not allowed:
        left = (why["locked_until"] - timezone.now()).total_seconds()
        raise TooManyTries(max(1, round(left)))
