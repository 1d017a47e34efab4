"""For tests of services that use the client: no waits, a platform in memory, a feed that delivers more than once.

server = FakeServer()
with no_waits(), server.client("pricing") as fares:
    server.lose_answers()
    fares.append("BK-1001", Change.set("base_fare", "14.00", currency="SGD"), expected_version=0)
    assert len(server.events("BK-1001")) == 1
"""

from farehistory_client._waits import no_waits
from farehistory_client.testing._events import fare_event
from farehistory_client.testing._feed_double import AsyncFeedDouble, FeedDouble
from farehistory_client.testing._server import FakeServer, Fault, Received

__all__ = ["AsyncFeedDouble", "FakeServer", "Fault", "FeedDouble", "Received", "fare_event", "no_waits"]
