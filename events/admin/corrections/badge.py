"""How many corrections wait for whoever looks at the navigation: one short look along an index, at most a hundred
rows."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.http import HttpRequest

from events.corrections import people, queue


def for_person(user: AbstractBaseUser | AnonymousUser) -> int | None:
    """How many corrections wait that this person can approve: proposed by others, and within their right; counted to
    `queue.COUNTED` + 1. None of somebody who approves none."""
    if not (isinstance(user, PermissionsMixin) and user.has_perm(people.DECIDE)):
        return None
    return queue.waiting_count(user.pk, large=user.has_perm(people.DECIDE_LARGE))


def waiting(request: HttpRequest) -> str:
    """The number of corrections that this person can approve: "3", "99+"; empty where there are none."""
    return counted(for_person(request.user) or 0) if request.user.is_authenticated else ""


def counted(number: int) -> str:
    """ "7"; "99+" for what was not counted to its end; empty for none."""
    return f"{queue.COUNTED}+" if number > queue.COUNTED else str(number or "")
