"""GET events: pages, ranges, filters, shared partitions, places to begin at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from events import partitions
from events.feed import heads
from events.following import reading
from events.history import events_of
from events.partitions import partition_of
from tests.api_client import Api, assert_problem
from tests.builders import add, append, given, new_booking_id, set_, sub

Page = dict[str, Any]


def tail(consumer: Api, rest: str = "") -> str:
    """A cursor at the end of the ledger."""
    cursor: str = consumer.get(f"events?after=tail{rest}").json()["next"]
    return cursor


def page(consumer: Api, after: str, rest: str = "") -> Page:
    answer = consumer.get(f"events?after={after}{rest}")
    assert answer.status_code == 200, answer.content
    found: Page = answer.json()
    return found


def pages(consumer: Api, after: str, rest: str = "") -> Iterator[Page]:
    """Page after page, until the consumer has caught up."""
    while True:
        one = page(consumer, after, rest)
        yield one
        if one["caught_up"]:
            return
        after = one["next"]


def places(found: list[Page]) -> list[tuple[int, int]]:
    return [(event["partition"], event["position"]) for one in found for event in one["results"]]


def booking_in(partition: int) -> str:
    while partition_of(booking := new_booking_id()) != partition:
        pass
    return booking


def test_an_event_is_the_same_as_in_its_history(consumer: Api, api: Api) -> None:
    after = tail(consumer)
    booking = given(set_("14.00", metadata=None))
    (event,) = page(consumer, after)["results"]
    assert event == api.get(f"fares/{booking}/events/1").json()


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_pages_have_every_event_once_in_order_and_their_ranges_abut(consumer: Api, limit: int) -> None:
    after, before = tail(consumer), heads()
    bookings = [given(set_("14.00"), add("toll", "5.00"), sub("promo", "1.00")) for _ in range(5)]
    found = list(pages(consumer, after, f"&limit={limit}"))
    assert all(len(one["results"]) <= limit for one in found)
    for booking in bookings:
        seen = [e["version"] for one in found for e in one["results"] if e["booking_id"] == booking]
        assert seen == [1, 2, 3]
    positions = dict(before)
    for one in found:
        examined = [(r["partition"], p) for r in one["ranges"] for p in range(r["after"] + 1, r["upto"] + 1)]
        assert sorted(places([one])) == sorted(examined)
        for each in one["ranges"]:
            assert each["after"] == positions[each["partition"]]
            positions[each["partition"]] = each["upto"]
    assert positions == heads()


def test_from_the_start_it_has_the_whole_ledger(consumer: Api) -> None:
    given(set_("1.00"))
    upto = heads()
    found: list[Page] = []
    after = ""
    while not found or not found[-1]["caught_up"]:
        found.append(consumer.get(f"events?limit=1000{after}").json())
        after = f"&after={found[-1]['next']}"
    assert sorted(places(found)) == [(p, n) for p, head in upto.items() for n in range(1, head + 1)]


def test_a_page_with_nothing_new_has_the_same_cursor(consumer: Api) -> None:
    after = tail(consumer)
    assert page(consumer, after) == {
        "results": [], "next": after, "caught_up": True, "ranges": [], "wait_refused": False
    }  # fmt: skip


def test_a_busy_partition_does_not_starve_the_others(consumer: Api) -> None:
    """The second page begins after the partition that the first was full of."""
    after = tail(consumer)
    given(*[set_("1.00")] * 8, booking_id=booking_in(0))
    quiet = given(set_("1.00"), booking_id=booking_in(5))
    first = page(consumer, after, "&limit=3")
    assert {event["partition"] for event in first["results"]} == {0}
    second = page(consumer, first["next"], "&limit=3")
    assert second["results"][0]["booking_id"] == quiet
    assert len(second["results"]) == 3


@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        ("component=toll", [2, 4]),
        ("component=toll,promo", [2, 3, 4]),
        ("type=SUB", [3]),
        ("type=SET,SUB", [1, 3]),
        ("source=tolls", [2]),
        ("source=tolls,pricing&component=toll&type=ADD", [2, 4]),
        ("component=tip", []),
    ],
)
def test_filters_leave_events_out_and_the_ranges_still_cover_them(
    consumer: Api, wanted: str, versions: list[int]
) -> None:
    after = tail(consumer)
    booking = given(set_("14.00"))
    append(booking, add("toll", "5.00"), source="tolls")
    append(booking, sub("promo", "1.00"))
    append(booking, add("toll", "2.00"))
    one = page(consumer, after, f"&{wanted}")
    assert [event["version"] for event in one["results"]] == versions
    (examined,) = one["ranges"]
    assert examined["upto"] - examined["after"] == 4
    assert page(consumer, one["next"], f"&{wanted}")["ranges"] == []


def test_limit_counts_what_is_examined_not_what_is_answered(consumer: Api) -> None:
    after = tail(consumer)
    given(set_("14.00"), add("toll", "1.00"), add("toll", "1.00"), add("tip", "1.00"))
    first = page(consumer, after, "&limit=3&component=tip")
    assert (first["results"], first["caught_up"]) == ([], False)
    assert [e["version"] for e in page(consumer, first["next"], "&limit=3&component=tip")["results"]] == [4]


@pytest.mark.parametrize("wanted", ["", "&component=toll,base_fare"])
def test_a_page_ends_where_it_has_enough_metadata(
    consumer: Api, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a partition or between two; at least one event comes, and the next page goes on behind it."""
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    after, before = tail(consumer), heads()
    metadata = {"note": "x" * 380}
    changes = [set_("14.00", metadata=metadata), *[add("toll", "1.00", metadata=metadata) for _ in range(3)]]
    low, high = (given(*changes, booking_id=booking_in(partition)) for partition in (3, 10))
    huge = given(set_("1.00", metadata={"note": "x" * 2000}), booking_id=booking_in(11))
    found = list(pages(consumer, after, wanted))
    assert [len(one["results"]) for one in found] == [3, 3, 1, 2]
    assert [one["caught_up"] for one in found] == [False, False, False, True]
    positions = dict(before)
    for each in (each for one in found for each in one["ranges"]):
        assert each["after"] == positions[each["partition"]]
        positions[each["partition"]] = each["upto"]
    assert positions == heads()
    seen = [(event["booking_id"], event["version"]) for one in found for event in one["results"]]
    assert sorted(seen) == sorted([*((b, v) for b in (low, high) for v in (1, 2, 3, 4)), (huge, 1)])


def test_consumers_that_share_the_partitions_have_all_of_it_between_them(consumer: Api) -> None:
    last = partitions.count() - 1
    shares = [f"&partitions={share}" for share in ("0-7", f"8-10,{last}", f"11-{last - 1}")]
    cursors = [tail(consumer, share) for share in shares]
    bookings = {given(set_("14.00"), add("toll", "1.00")) for _ in range(40)}
    found = [list(pages(consumer, cursor, share)) for cursor, share in zip(cursors, shares, strict=True)]
    seen = [event["booking_id"] for its in found for one in its for event in one["results"]]
    assert sorted(seen) == sorted([*bookings] * 2)
    for its in found[:1]:
        assert all(partition < 8 for partition, _ in places(its))


def test_a_cursor_read_with_some_of_its_partitions_keeps_the_others_where_they_are(consumer: Api) -> None:
    after = tail(consumer)
    low, high = given(set_("1.00"), booking_id=booking_in(3)), given(set_("1.00"), booking_id=booking_in(11))
    one = page(consumer, after, "&partitions=0-7")
    assert [event["booking_id"] for event in one["results"]] == [low]
    assert one["caught_up"], "of the partitions that were asked for"
    rest = page(consumer, one["next"])
    assert [event["booking_id"] for event in rest["results"]] == [high]


def test_a_cursor_of_some_partitions_is_read_on_without_naming_them(consumer: Api) -> None:
    after = tail(consumer, "&partitions=3")
    low = given(set_("1.00"), booking_id=booking_in(3))
    given(set_("1.00"), booking_id=booking_in(11))
    assert [event["booking_id"] for event in page(consumer, after)["results"]] == [low]


def test_a_cursor_is_not_read_on_where_it_does_not_cover(consumer: Api) -> None:
    after = tail(consumer, "&partitions=0-7")
    problem = assert_problem(consumer.get(f"events?after={after}&partitions=0-8"), 409, "cursor_invalid")
    assert "partition 8" in problem["detail"]


def test_cursors_are_joined_where_one_consumer_takes_over_from_two(consumer: Api) -> None:
    low, high = tail(consumer, "&partitions=0-7"), tail(consumer, f"&partitions=8-{partitions.count() - 1}")
    bookings = {given(set_("1.00"), booking_id=booking_in(3)), given(set_("1.00"), booking_id=booking_in(11))}
    one = page(consumer, f"{low},{high}")
    assert {event["booking_id"] for event in one["results"]} == bookings
    assert page(consumer, one["next"])["results"] == []


def test_as_many_cursors_are_joined_as_consumers_can_share_a_ledger(consumer: Api) -> None:
    """Those of consumers that had a partition each, and the last of them counts like the first."""
    shares = [tail(consumer, f"&partitions={each}") for each in range(partitions.count())]
    last = partitions.count() - 1
    booking = given(set_("1.00"), booking_id=booking_in(last))
    found = page(consumer, ",".join([*[shares[0]] * 16, *shares]))
    assert (last, booking) in {(event["partition"], event["booking_id"]) for event in found["results"]}
    assert page(consumer, found["next"])["results"] == []


def test_a_consumer_begins_at_a_time(consumer: Api) -> None:
    earlier = given(set_("1.00"))
    booking = given(set_("14.00"), add("toll", "1.00"))
    second = events_of(booking)[1]
    since = second.recorded_at.isoformat().replace("+", "%2B")
    found = consumer.get(f"events?from={since}&limit=1000").json()
    assert [(e["booking_id"], e["version"]) for e in found["results"]] == [(booking, 2)]
    assert earlier not in {event["booking_id"] for event in found["results"]}


def test_from_and_after_together_are_refused(consumer: Api) -> None:
    answer = consumer.get("events?after=tail&from=2026-01-01T00:00:00Z")
    assert_problem(answer, 400, "invalid_parameter")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=x", "wait=-1", "wait=31", "wait=1.5", "partitions=", "partitions=256",
        "partitions=3-1", "partitions=0-256", "partitions=00", "partitions=0-07",
        "partitions=a", "partitions=1,,2", "partitions=%D9%A1",
        "component=", "component=Toll", "component=toll%0A", "component=" + ",".join(["toll"] * 21), "source=A",
        "type=set", "type=SET,MUL", "from=yesterday", "x=1", "after=tail&after=tail", "partitions=1&partitions=2",
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named(consumer: Api, query: str) -> None:
    problem = assert_problem(consumer.get(f"events?{query}"), 400, "invalid_parameter")
    assert problem["errors"][0]["pointer"] == f"/{query.split('=')[0]}"


@pytest.mark.parametrize("scopes", [("fares:read", "fares:append"), ("ops",)])
def test_it_needs_the_scope_of_the_feed(scopes: tuple[str, ...]) -> None:
    assert_problem(Api.of("nosy", *scopes).get("events"), 403, "permission_denied")


def test_it_needs_a_key() -> None:
    assert_problem(Api().get("events"), 401, "not_authenticated")
