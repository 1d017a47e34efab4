"""Who works at the screen, and for which service."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from tests.staff import signed_in


@pytest.fixture
def operator() -> Client:
    return signed_in("operator")


@pytest.fixture
def service() -> str:
    return f"svc-{uuid4().hex}"
