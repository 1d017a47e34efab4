"""Where a request came from: the connection's address, or what the nearest trusted proxies say."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from events.addresses import client_address


@pytest.mark.parametrize(
    ("proxies", "connection", "forwarded", "address"),
    [
        (0, "203.0.113.9", None, "203.0.113.9"),
        (0, "203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody is believed who need not be
        (1, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),  # the left was the caller's own
        (2, "10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "10.0.0.1", "198.51.100.1", "10.0.0.1"),  # it came past the first proxy
        (1, "10.0.0.1", None, "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "not an address", None),
        (0, "::ffff:203.0.113.9", None, "203.0.113.9"),
        (0, "2001:DB8:0::1", None, "2001:db8::1"),
        (0, "fe80::1%eth0", None, "fe80::1"),
        (0, "", None, None),  # a Unix socket
    ],
)
def test_the_address_is_the_one_that_can_be_believed(
    settings: Any, proxies: int, connection: str, forwarded: str | None, address: str | None
) -> None:
    settings.FAREHISTORY_PROXIES = proxies
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR=connection, **headers)
    assert client_address(request) == address
