"""URLs of the write side, below /api/v1/. None ends in a slash, and none redirects."""

from __future__ import annotations

from django.urls import path

from events.api.fare_events import FareEvents, OneFareEvent

urlpatterns = [
    path("fares/<str:booking_id>/events", FareEvents.as_view(), name="fare-events"),
    path("fares/<str:booking_id>/events/<str:version>", OneFareEvent.as_view(), name="fare-event"),
]
