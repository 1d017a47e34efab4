"""Where a request came from, also behind proxies."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The caller's address in its normal form, without a port; None where it cannot be told.

    With FAREHISTORY_PROXIES = n it is the nth from the right of `X-Forwarded-For`: each trusted proxy adds one on
    the right, and whatever a caller put there itself is further left. A request with fewer of them did not come
    through the proxies, and is known by the connection's own address.
    """
    address: str = request.META.get("REMOTE_ADDR", "")
    proxies: int = settings.FAREHISTORY_PROXIES
    if proxies:
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        address = hops[-proxies] if len(hops) >= proxies and hops[-proxies].strip() else address
    return _normal(address.strip())


def _normal(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address).partition("%")[0]
