"""URLs of the read side, below /api/v1/. None ends in a slash, and none redirects.

Patterns are tried one after the other: what is called most comes first.
"""

from __future__ import annotations

from django.urls import path

from projections.api.fares import DiffOfFare, FareOfBooking
from projections.api.projections import Projections
from projections.api.receipts import ReceiptOfBooking

urlpatterns = [
    path("fares/<str:booking_id>", FareOfBooking.as_view(), name="fare"),
    path("fares/<str:booking_id>/diff", DiffOfFare.as_view(), name="fare-diff"),
    path("fares/<str:booking_id>/receipt", ReceiptOfBooking.as_view(), name="receipt"),
    path("projections", Projections.as_view(), name="projections"),
]
