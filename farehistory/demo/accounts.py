"""The demo's people: an administrator, and one person in each group of staff."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group, User

from farehistory.groups import GROUPS

ADMINISTRATOR = "admin"


def ensure_accounts(known: Mapping[str, str]) -> dict[str, str]:
    """Make the accounts that are missing; returns each one's password.

    A password of `known` is kept where it still lets its account in; a new one is set where it does not.
    """
    users = [_ensure_user(name) for name in (ADMINISTRATOR, *GROUPS)]
    with ThreadPoolExecutor() as pool:  # hashing is slow on purpose
        passwords = list(pool.map(lambda user: _let_in(user, known.get(user.username, "")), users))
    User.objects.bulk_update(users, ["password"])
    return {user.username: password for user, password in zip(users, passwords, strict=True)}


def _ensure_user(name: str) -> User:
    is_superuser = name == ADMINISTRATOR
    user, _ = User.objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": is_superuser}
    )
    if not is_superuser:
        user.groups.add(Group.objects.get(name=name))
    return user


def _let_in(user: User, password: str) -> str:
    """The password, if it is the user's; else a new one, which becomes it."""
    if check_password(password, user.password):
        return password
    new = secrets.token_urlsafe(12)
    user.password = make_password(new)
    return new
