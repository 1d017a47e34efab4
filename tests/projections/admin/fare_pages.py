"""What the tests of the fare page read of it."""

from __future__ import annotations

from html import unescape

from django.test import Client
from django.utils.html import strip_tags

from events.partitions import partition_of
from projections import runner
from projections.admin.fares import fare_url
from projections.projectors import PROJECTORS


def project(booking: str) -> None:
    for projector in PROJECTORS:
        runner.drain(projector, [partition_of(booking)])


def html_of(viewer: Client, booking: str, query: str = "") -> str:
    answer = viewer.get(fare_url(booking) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def text_of(viewer: Client, booking: str, query: str = "") -> str:
    """What a reader sees, on one line."""
    return " ".join(unescape(strip_tags(html_of(viewer, booking, query))).split())
