import pytest

from tests.projections.streams.helpers import lose_the_streams


@pytest.fixture(autouse=True)
def fresh_streams() -> None:
    """Each test begins with streams that no other has trimmed."""
    lose_the_streams()
