"""A rebuild proves the partitions that it found or made equal, as of when it began, and no other."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from events.partitions import partition_of
from projections.models import DriftWalk
from tests.builders import add, append
from tests.projections.rebuild.views import NAME, damage, drain, rebuilt


def proven(booking: str) -> datetime | None:
    """When the booking's partition was last proven equal."""
    walk = DriftWalk.objects.filter(projection=NAME, partition=partition_of(booking)).first()
    return walk and walk.proven_at


@pytest.fixture
def unproven(booking: str) -> str:
    DriftWalk.objects.filter(projection=NAME).delete()
    return booking


def test_a_view_is_proven_as_of_when_its_rebuild_began(unproven: str) -> None:
    damage(unproven, "fare_minor = 1701")
    run = rebuilt()
    walks = DriftWalk.objects.filter(projection=NAME)
    assert {walk.proven_at for walk in walks} == {run.started_at}
    assert sorted(walk.partition for walk in walks) == run.partitions


def test_a_later_proof_is_never_taken_back(unproven: str) -> None:
    rebuilt()
    later = timezone.now() + timedelta(hours=1)
    DriftWalk.objects.filter(projection=NAME).update(proven_at=later)
    rebuilt()
    assert proven(unproven) == later
    DriftWalk.objects.filter(projection=NAME).delete()


def test_a_rebuild_of_one_partition_proves_that_one(unproven: str) -> None:
    damage(unproven, "fare_minor = 1701")
    run = rebuilt(partitions=[partition_of(unproven)])
    walks = DriftWalk.objects.filter(projection=NAME)
    assert [(walk.partition, walk.proven_at) for walk in walks] == [(partition_of(unproven), run.started_at)]


def test_a_dry_run_proves_what_is_equal_and_nothing_else(unproven: str) -> None:
    damage(unproven, "fare_minor = 1701")
    rebuilt(dry_run=True)
    assert proven(unproven) is None
    run = rebuilt()
    assert proven(unproven) == run.started_at
    again = rebuilt(dry_run=True)
    assert proven(unproven) == again.started_at


def test_what_is_set_aside_keeps_its_partition_from_being_proven(unproven: str) -> None:
    damage(unproven, "version = 7")
    append(unproven, add("toll", "1.00"))
    drain()
    rebuilt(dry_run=True)
    assert proven(unproven) is None
    run = rebuilt()
    assert proven(unproven) == run.started_at
