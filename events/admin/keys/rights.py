"""Who may look at keys, and make and end them."""

from __future__ import annotations

from typing import Any, Final

VIEW: Final = "events.view_apikey"
ADD: Final = "events.add_apikey"
CHANGE: Final = "events.change_apikey"
BIND: Final = "events.bind_apikey"
"""In none of the groups: with it, one person could propose a correction in one name and approve it in another."""


def may_get_key_of(person: Any, holder_id: int | None) -> bool:
    """Whether a user may be shown a key that corrects fares with the rights of `holder_id`; None: of nobody."""
    return holder_id is None or holder_id == person.pk or bool(person.has_perm(BIND))
