import pytest
from pytest_django import Settings

from tests.projections.streams.helpers import lose_the_streams


@pytest.fixture(autouse=True)
def fresh_streams(settings: Settings) -> None:
    """Each test begins with streams that no other has trimmed, and that hold the whole of every log.

    Other tests leave bookings of ten thousand events, which is as much as a stream keeps if nothing is said.
    """
    settings.FAREHISTORY_STREAM_KEEP = 1_000_000
    lose_the_streams()
