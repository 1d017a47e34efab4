"""GET projections: what a monitoring service needs to know, for keys with the scope ops only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client
from jsonschema import Draft202012Validator

from events.partitions import count, partition_of
from projections import control, drift, rebuild, runner
from projections.projectors import PROJECTORS, projector
from projections.streams.connection import client, key_of
from tests.api_client import Api, assert_problem
from tests.builders import add, append, given, set_
from tests.projections.drift import planted_drift

FARES = projector("current_fare")


@pytest.fixture(scope="module")
def ops(django_db_setup: None) -> Iterator[Api]:
    yield Api.of("monitoring", "ops")


@pytest.fixture
def booking() -> str:
    booking = given(set_("14.00"))
    for each in PROJECTORS:
        runner.drain(each, runner.lagging(each))
    return booking


def projections(ops: Api, query: str = "") -> dict[str, dict[str, Any]]:
    answer = ops.get(f"projections{query}")
    assert answer.status_code == 200, answer.content
    document = answer.json()
    assert document["next"] is None
    return {each["name"]: each for each in document["results"]}


def test_every_projection_is_told_of(ops: Api, booking: str) -> None:
    found = projections(ops)
    assert list(found) == [each.name for each in PROJECTORS]
    fares = found["current_fare"]
    assert (fares["kind"], found["fare_stream"]["kind"]) == ("view", "consumer")
    assert fares["position"] == fares["head"] > 0
    assert (fares["lag_events"], fares["lag_seconds"], fares["set_aside"]) == (0, 0, 0)
    assert "partitions" not in fares


def test_reads_of_the_cache_and_consumer_groups_are_told(ops: Api, booking: str) -> None:
    key = key_of(partition_of(booking))
    group = f"test-{booking}"
    client().xgroup_create(key, group, id="0")
    try:
        found = projections(ops)
    finally:
        client().xgroup_destroy(key, group)
    assert set(found["fare_cache"]["reads"]) == {"hits", "waits", "misses", "errors"}
    ours = next(each for each in found["fare_stream"]["consumer_groups"] if each["name"] == group)
    assert ours["lag_events"] >= 1
    assert (ours["pending"], ours["oldest_pending_seconds"]) == (0, None)
    assert "reads" not in found["current_fare"]


def test_lag_is_told_in_events_and_seconds(ops: Api, booking: str) -> None:
    append(booking, add("toll", "1.00"))
    fares = projections(ops)["current_fare"]
    assert fares["lag_events"] == 1
    assert 0 < fares["lag_seconds"] < 60


def test_partitions_are_told_only_if_asked_for(ops: Api, booking: str) -> None:
    append(booking, add("toll", "1.00"))
    partitions = projections(ops, "?partitions=true")["current_fare"]["partitions"]
    assert [each["partition"] for each in partitions] == list(range(count()))
    assert (at := partitions[partition_of(booking)])["head"] == at["position"] + 1
    assert "partitions" not in projections(ops, "?partitions=false")["current_fare"]


def test_drift_pauses_and_rebuilds_are_told(ops: Api, booking: str) -> None:
    control.pause("current_fare", "Kim")
    run = rebuild.start("current_fare", dry_run=True)
    try:
        with planted_drift(booking, "fare_minor = 1"):
            drift.check_now(FARES, [booking])
            fares = projections(ops)["current_fare"]
        drift.check_now(FARES, [booking])
        assert fares["open_drift"] == 1
        assert fares["last_drift_check"] is not None
        assert fares["paused"]["by"] == "Kim"
        assert (fares["rebuild"]["id"], fares["rebuild"]["state"]) == (str(run.pk), "building")
    finally:
        rebuild.cancel(run.pk, "a test")
        control.resume("current_fare")
    fares = projections(ops)["current_fare"]
    assert (fares["rebuild"], fares["paused"], fares["last_rebuild"]["state"]) == (None, None, "cancelled")


def test_answers_are_what_the_document_says(ops: Api, booking: str) -> None:
    document = yaml.safe_load(Client().get("/api/schema").content)
    schema = {"$ref": "#/components/schemas/ProjectionPage", "components": document["components"]}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    run = rebuild.start("booking_search", dry_run=True)
    control.pause("booking_search", "Kim")
    try:
        validator.validate(ops.get("projections?partitions=true").json())
    finally:
        control.resume("booking_search")
        rebuild.cancel(run.pk, "a test")
    validator.validate(ops.get("projections").json())


def test_it_needs_the_scope_ops(api: Api) -> None:
    assert_problem(api.get("projections"), 403, "permission_denied")


@pytest.mark.parametrize("query", ["partitions=1", "partitions=true&partitions=true", "limit=1"])
def test_other_parameters_are_refused(ops: Api, query: str) -> None:
    assert_problem(ops.get(f"projections?{query}"), 400, "invalid_parameter")
