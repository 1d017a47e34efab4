"""Who may do what to a correction. The person is the one who is signed in, or whose key it is; never who is claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.errors import NotPermitted

if TYPE_CHECKING:
    from django.contrib.auth.models import User

VIEW: Final = "events.view_correction"
PROPOSE: Final = "events.add_correction"
DECIDE: Final = "events.approve_correction"
DECIDE_LARGE: Final = "events.approve_large_correction"

_WORDS: Final = {
    VIEW: gettext_lazy("see corrections"),
    PROPOSE: gettext_lazy("propose corrections"),
    DECIDE: gettext_lazy("approve or reject corrections"),
    DECIDE_LARGE: gettext_lazy("approve large corrections"),
}


def require(by: User, permission: str) -> None:
    """Raises NotPermitted, saying what is missing."""
    if not (by.is_active and by.is_staff):
        raise NotPermitted(_("This account is not an active member of staff."))
    if not by.has_perm(permission):
        raise NotPermitted(
            _("This account may not %(what)s; ask an operator for the right to.")
            % {"what": _WORDS[permission]}
        )


def taking_turns(by: User) -> User:
    """The person as the database has them, whose other proposals wait until this transaction ends.

    So that two at once cannot both slip under what one person may correct in a day. Raises NotPermitted if the
    account is gone.
    """
    person = get_user_model().objects.select_for_update(no_key=True).filter(pk=by.pk).first()
    if person is None:
        raise NotPermitted(_("This account no longer exists."))
    return person
