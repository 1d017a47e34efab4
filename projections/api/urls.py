"""URLs of the read side, below /api/v1/. None ends in a slash, and none redirects."""

from __future__ import annotations

from django.urls import path

from projections.api.fares import CurrentFareOfBooking

urlpatterns = [
    path("fares/<str:booking_id>", CurrentFareOfBooking.as_view(), name="fare"),
]
