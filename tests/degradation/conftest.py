from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections

from farehistory.embedded.supervisor import Supervisor
from tests.api_client import READ_AND_APPEND, Api
from tests.degradation.platform import Platform


@pytest.fixture
def platform(web: str, supervisor: Supervisor) -> Iterator[Platform]:
    """The running platform as a service and an operator see it, with all connections warm."""
    platform = Platform(web, supervisor, Api.of("toll", *READ_AND_APPEND, "ops").key or "")
    platform.warm_up()
    yield platform
    connections.close_all()  # they may be to a server that is no more
    platform.close()
