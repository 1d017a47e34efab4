"""URLs of the write side, below /api/v1/. None ends in a slash, and none redirects.

Patterns are tried one after the other: what is called most comes first.
"""

from __future__ import annotations

from django.urls import path

from events.api.batch import Batch
from events.api.corrections import Approval, Corrections, OneCorrection, Rejection, Withdrawal
from events.api.fare_events import FareEvents, OneFareEvent
from events.api.feed import Feed

urlpatterns = [
    path("fares/<str:booking_id>/events", FareEvents.as_view(), name="fare-events"),
    path("events/batch", Batch.as_view(), name="batch"),
    path("events", Feed.as_view(), name="feed"),
    path("fares/<str:booking_id>/events/<str:version>", OneFareEvent.as_view(), name="fare-event"),
    path("corrections", Corrections.as_view(), name="corrections"),
    path("corrections/<str:id>", OneCorrection.as_view(), name="correction"),
    path("corrections/<str:id>/approve", Approval.as_view(), name="correction-approve"),
    path("corrections/<str:id>/reject", Rejection.as_view(), name="correction-reject"),
    path("corrections/<str:id>/withdraw", Withdrawal.as_view(), name="correction-withdraw"),
]
