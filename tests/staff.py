"""People who sign in to the admin, and their browsers without a browser."""

from __future__ import annotations

from functools import cache
from uuid import uuid4

from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.auth.models import Group, User
from django.test import Client

PASSWORD = "correct horse battery staple"


def staff(*groups: str) -> User:
    """A new member of staff in these groups."""
    person = User.objects.create(
        username=f"person-{uuid4().hex[:12]}", password=_hashed(get_hasher().algorithm), is_staff=True
    )
    person.groups.set([Group.objects.get(name=name) for name in groups])
    return person


@cache
def _hashed(algorithm: str) -> str:
    """The password as it is stored: hashed once for everybody, since hashing is slow on purpose."""
    return make_password(PASSWORD, hasher=algorithm)


def signed_in(*groups: str) -> Client:
    """A client that a new member of these groups has signed in with."""
    client = Client()
    client.force_login(staff(*groups))
    return client
