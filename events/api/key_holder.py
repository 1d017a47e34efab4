"""The person whose rights an API key uses: corrections are made by people, also through a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth import get_user_model
from rest_framework.request import Request

from events.errors import NotPermitted
from events.models import ApiKey

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def key_holder(request: Request) -> User:
    """The person that the key is bound to. Raises NotPermitted if it is bound to none, or they may not sign in.

    What they may do beyond that is asked by what is done.
    """
    key = cast(ApiKey, request.auth)
    if key.user_id is None:
        raise NotPermitted(
            "This API key is bound to no person, and corrections are made by people: ask for a key made with "
            "`create_api_key --user NAME`."
        )
    person = get_user_model().objects.filter(pk=key.user_id).first()
    if person is None:
        raise NotPermitted("The person that this API key is bound to no longer exists.")
    if not (person.is_active and person.is_staff):
        raise NotPermitted(
            f"{person.get_username()}, whose API key this is, is not an active member of staff."
        )
    return person
