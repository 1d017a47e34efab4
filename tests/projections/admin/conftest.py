from __future__ import annotations

import pytest
from django.test import Client

from tests.staff import signed_in


@pytest.fixture(scope="session")
def viewer() -> Client:
    """A client that somebody of the group viewer has signed in with."""
    return signed_in("viewer")
