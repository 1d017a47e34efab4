"""What staff do to projections and receipts is not done where it cannot be noted in the audit."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from events.partitions import partition_of
from projections import control, rebuild, runner, set_aside
from projections.models import Drift, Rebuild, RepairItem
from projections.projectors import projector
from tests.audits import audit_cannot_be_written
from tests.builders import given, set_
from tests.projections.admin.conftest import Sent
from tests.projections.admin.pages import DRIFT, PROJECTIONS, REBUILDS, SET_ASIDE
from tests.projections.drift import planted_drift
from tests.projections.receipts.histories import issued
from tests.staff import signed_in

NAME = "current_fare"


@pytest.fixture
def operator() -> Client:
    client = signed_in("operator")
    client.raise_request_exception = False
    return client


def refused(operator: Client, address: str, form: dict[str, Any] | None = None) -> None:
    """The act is answered with a page that says why it was not done."""
    with audit_cannot_be_written():
        answer = operator.post(address, form or {})
    assert answer.status_code == 503
    assert "This could not be noted in the audit, so it is not done or shown." in answer.content.decode()


def test_a_projection_is_neither_paused_nor_resumed(operator: Client) -> None:
    refused(operator, f"{PROJECTIONS}{NAME}/pause/")
    assert NAME not in control.paused()
    control.pause(NAME, "a test")
    try:
        refused(operator, f"{PROJECTIONS}{NAME}/resume/")
        assert NAME in control.paused()
    finally:
        control.resume(NAME)


def test_no_rebuild_is_started_accepted_or_cancelled(
    operator: Client, no_rebuild: None, sent: list[Sent]
) -> None:
    refused(operator, f"{REBUILDS}of/{NAME}/")
    assert rebuild.unfinished(NAME) is None
    run = rebuild.start(NAME)
    refused(operator, f"{REBUILDS}{run.pk}/cancel/")
    Rebuild.objects.filter(pk=run.pk).update(state=Rebuild.State.WAITING)
    refused(operator, f"{REBUILDS}{run.pk}/accept/")
    left = rebuild.unfinished(NAME)
    assert left is not None
    assert (left.state, left.cancel_requested_at) == (Rebuild.State.WAITING, None)
    assert sent == []


def test_what_is_set_aside_stays_so(operator: Client, set_aside_booking: str, sent: list[Sent]) -> None:
    refused(operator, f"{SET_ASIDE}retry/", {"only": f"{NAME}/{set_aside_booking}"})
    assert set_aside_booking in {one.booking_id for one in set_aside.of(NAME)}
    assert not RepairItem.objects.filter(booking_id=set_aside_booking).exists()
    assert sent == []


def test_drift_is_not_put_right(operator: Client, sent: list[Sent]) -> None:
    booking = given(set_("14.00"))
    runner.drain(projector(NAME), [partition_of(booking)])
    with planted_drift(booking, "fare_minor = 1"):
        row = Drift.objects.create(
            projection=NAME,
            partition=partition_of(booking),
            booking_id=booking,
            key=booking,
        )
        refused(operator, f"{DRIFT}put-right/", {"only": str(row.pk)})
        row.refresh_from_db()
        assert row.put_right_at is None
        assert not RepairItem.objects.filter(booking_id=booking).exists()
        assert sent == []
    row.delete()


def test_no_receipt_is_issued() -> None:
    booking, support = given(set_("14.00")), signed_in("support")
    support.raise_request_exception = False
    refused(support, f"/admin/projections/currentfare/{booking}/receipts/issue/")
    assert issued(booking) == []
