"""How many corrections wait for whoever looks at the navigation: one short look along an index, at most a hundred
rows."""

from __future__ import annotations

from django.http import HttpRequest

from events.corrections import people, queue


def waiting(request: HttpRequest) -> str:
    """The number of corrections that this person can approve: "3", "99+"; empty where there are none."""
    user = request.user
    if not (user.is_authenticated and user.has_perm(people.DECIDE)):
        return ""
    count = queue.waiting_count(user.pk, large=user.has_perm(people.DECIDE_LARGE))
    return f"{queue.COUNTED}+" if count > queue.COUNTED else str(count or "")
