"""People who sign in to the admin, and their browsers without a browser."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.auth.models import Group, User
from django.test import Client

PASSWORD = "correct horse battery staple"


def staff(*groups: str) -> User:
    """A new member of staff in these groups."""
    person = User.objects.create_user(f"person-{uuid4().hex[:12]}", password=PASSWORD, is_staff=True)
    person.groups.set([Group.objects.get(name=name) for name in groups])
    return person


def signed_in(*groups: str) -> Client:
    """A client that a new member of these groups has signed in with."""
    client = Client()
    client.force_login(staff(*groups))
    return client
