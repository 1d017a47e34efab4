"""What a row of a trip file means: the fare, its extras, its trip."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from events.importing.rows import ImportFailed
from tests.events.importing.builders import (
    GREEN,
    a_file,
    changes,
    csv_file,
    green,
    planned,
    read_tlc,
    refused,
    void_of,
)

YELLOW = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,"
    "store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,"
    "improvement_surcharge,total_amount,congestion_surcharge,{airport}\n"
    "2,2018-01-11 18:24:44,2018-01-11 18:35:02,1,1.65,1,N,230,237,1,8.5,1.0,0.5,2.06,0.0,0.3,13.61,,1.25\n"
)
YELLOW_SAMPLE = (
    "vendor_id,pickup_datetime,dropoff_datetime,passenger_count,trip_distance,rate_code_id,store_and_fwd_flag,"
    "pickup_location_id,dropoff_location_id,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,"
    "improvement_surcharge,total_amount,congestion_surcharge\n"
    "2,2018-01-11 18:24:44,2018-01-11 18:35:02,1.0,1.650,1,N,230,237,1,8.5,1.0,0.5,2.06,0.0,0.3,12.36,\n"
)
YELLOW_2014 = (
    "vendor_id, pickup_datetime, dropoff_datetime, passenger_count, trip_distance, pickup_longitude,"
    " pickup_latitude, rate_code, store_and_fwd_flag, dropoff_longitude, dropoff_latitude, payment_type,"
    " fare_amount, surcharge, mta_tax, tip_amount, tolls_amount, total_amount\r\n\r\n"
    "CMT,2014-01-09 20:45:25,2014-01-09 20:52:31,1,0.70,-73.994770,40.736828,1,N,-73.982227,40.731790,CRD,"
    "6.5,0.5,0.5,1.4,0,8.9\r\n"
)
YELLOW_2009 = (
    "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,Start_Lon,Start_Lat,"
    "Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,Tolls_Amt,"
    "Total_Amt\n"
    "VTS,2009-01-04 02:52:00,2009-01-04 03:02:00,1,2.63,-73.99,40.72,,,-73.99,40.69,CASH,8.9,0.5,,0,0,9.4\n"
)
FHV = (
    "hvfhs_license_num,dispatching_base_num,originating_base_num,request_datetime,on_scene_datetime,"
    "pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,trip_miles,trip_time,base_passenger_fare,tolls,"
    "bcf,sales_tax,congestion_surcharge,airport_fee,tips,driver_pay,shared_request_flag,cbd_congestion_fee\n"
    "HV0003,B03404,B03404,2025-02-01 00:01:14,2025-02-01 00:03:00,2025-02-01 00:05:00,2025-02-01 00:25:00,"
    "90,148,2.45,1200,14.32,6.94,0.58,1.71,2.75,0,3,12.5,N,1.5\n"
)


def test_the_base_is_set_and_each_extra_that_is_not_zero_is_added(tmp_path: Path) -> None:
    (row,) = read_tlc(
        csv_file(tmp_path, [green(tip_amount="2.81", congestion_surcharge="2.75", ehail_fee="")])
    )
    assert changes(planned(row)) == [
        "SET base_fare 5.50",
        "ADD extra 0.50",
        "ADD mta_tax 0.50",
        "ADD tip 2.81",
        "ADD improvement_surcharge 0.30",
        "ADD congestion_surcharge 2.75",
    ]
    assert planned(row).total == planned(row).events_sum == Decimal("12.36")


def test_the_fare_is_due_at_dropoff_in_new_york(tmp_path: Path) -> None:
    (row,) = read_tlc(csv_file(tmp_path, [green()]))
    assert {event.occurred_at for event in planned(row).events} == {
        datetime(2021, 1, 1, 5, 19, 52, tzinfo=UTC)
    }


def test_what_else_is_known_of_the_trip_is_metadata_of_the_first_event(tmp_path: Path) -> None:
    (row,) = read_tlc(
        csv_file(tmp_path, [green(trip_distance="1.50", passenger_count="", store_and_fwd_flag="Y")])
    )
    first, *others = planned(row).events
    assert first.metadata.parsed() == {  # type: ignore[union-attr]
        "service": "green",
        "pickup": "2021-01-01 00:15:56",
        "dropoff": "2021-01-01 00:19:52",
        "vendor": 2,
        "store_and_fwd": "Y",
        "rate_code": 1,
        "pickup_zone": 43,
        "dropoff_zone": 151,
        "distance_miles": Decimal("1.5"),
        "payment_type": 2,
        "trip_type": 1,
    }
    assert {event.metadata.text for event in others} == {"{}"}  # type: ignore[union-attr]


def test_a_total_that_is_not_the_sum_is_kept_beside_the_amounts(tmp_path: Path) -> None:
    (row,) = read_tlc(csv_file(tmp_path, [green(total_amount="8.75")]))
    assert planned(row).events[0].metadata.parsed()["stated_total"] == "8.75"  # type: ignore[union-attr]
    assert (planned(row).total, planned(row).events_sum) == (Decimal("8.75"), Decimal("6.80"))


def test_an_extra_below_zero_is_taken_off_after_the_others(tmp_path: Path) -> None:
    (row,) = read_tlc(csv_file(tmp_path, [green(extra="-2.75")]))
    assert changes(planned(row))[-1] == "SUB extra 2.75"
    assert planned(row).events_sum == Decimal("3.55")


def test_a_void_takes_back_what_its_trip_added(tmp_path: Path) -> None:
    trip = green(extra="-0.5")
    void, row = map(planned, read_tlc(csv_file(tmp_path, [void_of(trip), trip])))
    assert changes(void) == [
        "ADD extra 0.50",
        "SUB base_fare 5.50",
        "SUB mta_tax 0.50",
        "SUB improvement_surcharge 0.30",
    ]
    assert void.booking_id == row.booking_id
    assert void.reverses == row.events[0].transaction_id
    assert [event.expected_version for event in (*row.events, *void.events)] == list(range(8))
    assert void.events_sum == -row.events_sum


def test_a_void_of_a_trip_whose_base_was_zero_has_nothing_to_take_off_the_base(tmp_path: Path) -> None:
    trip = green(fare_amount="0")
    void, row = map(planned, read_tlc(csv_file(tmp_path, [void_of(trip), trip])))
    assert changes(void) == ["SUB extra 0.50", "SUB mta_tax 0.50", "SUB improvement_surcharge 0.30"]
    assert void.reverses == row.events[0].transaction_id
    assert void.events[0].expected_version == len(row.events)


@pytest.mark.parametrize(
    ("values", "code", "reason"),
    [
        ({"fare_amount": ""}, "missing_value", "fare_amount is missing"),
        (
            {"fare_amount": "abc", "total_amount": "6.80"},
            "not_a_number",
            "fare_amount: 'abc' is not an amount",
        ),
        (
            {"tip_amount": "0.555", "total_amount": "6.80"},
            "too_many_decimals",
            "tip_amount: 0.555 has more than 2",
        ),
        ({"lpep_dropoff_datetime": ""}, "missing_value", "the drop-off time is missing"),
        ({"lpep_pickup_datetime": "then"}, "not_a_time", "the pick-up time is not a time"),
        (
            {"lpep_dropoff_datetime": "2098-01-01 00:00:00"},
            "invalid_event",
            "between 1970 and one day from now",
        ),
        (
            {"lpep_dropoff_datetime": "1969-01-01 00:00:00"},
            "invalid_event",
            "between 1970 and one day from now",
        ),
        ({"tip_amount": "-20"}, "negative_fare", "sum to -13.20 USD"),
        (
            {"fare_amount": "9999999999999999", "total_amount": "6.80"},
            "out_of_range",
            "beyond what a fare can be",
        ),
        ({"store_and_fwd_flag": "\0"}, "invalid_event", "NUL"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_with_its_line(
    tmp_path: Path, values: dict[str, str], code: str, reason: str
) -> None:
    fine, row = read_tlc(csv_file(tmp_path, [green(), green(**values)]))
    planned(fine)
    assert refused(row).code == code
    assert reason in refused(row).reason
    assert refused(row).place.line == 3


def test_a_refused_row_counts_with_its_total_if_that_can_be_read(tmp_path: Path) -> None:
    first, second = read_tlc(
        csv_file(
            tmp_path, [green(fare_amount="", total_amount="6.80"), green(fare_amount="", total_amount="x")]
        )
    )
    assert (refused(first).total, refused(second).total) == (Decimal("6.80"), None)


def test_zeros_beyond_the_currencys_decimals_are_the_files_way_of_writing(tmp_path: Path) -> None:
    (row,) = read_tlc(csv_file(tmp_path, [green(fare_amount="2.500")]))
    assert changes(planned(row))[0] == "SET base_fare 2.50"


@pytest.mark.parametrize("cut", range(2, 10))
def test_wherever_a_file_is_cut_its_last_row_is_refused(tmp_path: Path, cut: int) -> None:
    """Also where what is left is a number and no total tells: the last column is an amount, the total missing."""
    rows = [green(total_amount="", tip_amount="1200.50") for _ in range(2)]
    columns = [*(name for name in GREEN if name != "tip_amount"), "tip_amount"]
    content = csv_file(tmp_path, rows, columns).read_bytes()
    first, last = read_tlc(a_file(tmp_path, content[:-cut]))
    planned(first)
    assert (refused(last).code, refused(last).place.line) == ("no_line_end", 3)
    assert "add the line end" in refused(last).reason


def test_a_row_of_another_width_is_refused_and_empty_ends_are_not_minded(tmp_path: Path) -> None:
    header, line = csv_file(tmp_path, [green()]).read_text().splitlines()
    rows = read_tlc(a_file(tmp_path, "\n".join([header, line + ",,", line + ",7", "2,2021-01-01", ""])))
    assert planned(rows[0])
    assert [refused(row).code for row in rows[1:]] == ["wrong_width", "wrong_width"]


def test_a_byte_that_is_no_utf_8_refuses_its_row_only(tmp_path: Path) -> None:
    content = (
        csv_file(tmp_path, [green(store_and_fwd_flag="Q"), green()]).read_bytes().replace(b",Q,", b",\xff,")
    )
    first, second = read_tlc(a_file(tmp_path, content))
    assert "surrogate" in refused(first).reason
    planned(second)


@pytest.mark.parametrize("name", ["airport_fee", "Airport_fee"])
def test_the_official_yellow_layout(tmp_path: Path, name: str) -> None:
    (row,) = read_tlc(a_file(tmp_path, YELLOW.format(airport=name)))
    assert changes(planned(row)) == [
        "SET base_fare 8.50",
        "ADD extra 1.00",
        "ADD mta_tax 0.50",
        "ADD tip 2.06",
        "ADD improvement_surcharge 0.30",
        "ADD airport_fee 1.25",
    ]


def test_a_trip_is_the_same_booking_in_every_layout_of_its_service(tmp_path: Path) -> None:
    (official,) = read_tlc(a_file(tmp_path, YELLOW.format(airport="airport_fee")))
    (sample,) = read_tlc(a_file(tmp_path, YELLOW_SAMPLE))
    assert planned(official).booking_id == planned(sample).booking_id
    assert planned(sample).booking_id.startswith("tlc-yellow-20180111-182444-")


def test_the_layouts_before_2016_have_surcharges_coordinates_and_payment_as_text(tmp_path: Path) -> None:
    (of_2014,) = read_tlc(a_file(tmp_path, YELLOW_2014))
    assert changes(planned(of_2014)) == [
        "SET base_fare 6.50",
        "ADD extra 0.50",
        "ADD mta_tax 0.50",
        "ADD tip 1.40",
    ]
    assert planned(of_2014).events[0].metadata.parsed()["payment_type"] == "CRD"  # type: ignore[union-attr]
    (of_2009,) = read_tlc(a_file(tmp_path, YELLOW_2009))
    assert changes(planned(of_2009)) == ["SET base_fare 8.90", "ADD extra 0.50"]


def test_high_volume_files_state_no_total_and_their_sum_counts(tmp_path: Path) -> None:
    (row,) = read_tlc(a_file(tmp_path, FHV))
    assert changes(planned(row)) == [
        "SET base_fare 14.32",
        "ADD tip 3.00",
        "ADD toll 6.94",
        "ADD congestion_surcharge 2.75",
        "ADD cbd_congestion_fee 1.50",
        "ADD black_car_fund 0.58",
        "ADD sales_tax 1.71",
    ]
    assert planned(row).total == planned(row).events_sum == Decimal("30.80")
    assert planned(row).events[0].metadata.parsed()["driver_pay"] == Decimal("12.5")  # type: ignore[union-attr]


def test_a_gzip_file_with_a_byte_order_mark_is_read_whatever_its_name(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + csv_file(tmp_path, [green()]).read_bytes()
    (row,) = read_tlc(a_file(tmp_path, gzip.compress(content)))
    planned(row)


def test_columns_that_no_layout_has_are_kept_as_metadata(tmp_path: Path) -> None:
    columns = [*GREEN, "Weather"]
    (row,) = read_tlc(csv_file(tmp_path, [green(Weather="snow")], columns))
    assert planned(row).events[0].metadata.parsed()["weather"] == "snow"  # type: ignore[union-attr]


def test_another_kind_of_file_is_named_with_what_it_has_and_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed) as failure:
        read_tlc(a_file(tmp_path, "dispatching_base_num,pickup_datetime\nB1,2021-01-01 00:00:00\n"))
    message = str(failure.value)
    assert "Needed: dropoff (lpep_dropoff_datetime or" in message
    assert "Found: dispatching_base_num, pickup_datetime" in message


def test_two_columns_that_mean_the_same_are_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="surcharge mean the same"):
        read_tlc(csv_file(tmp_path, [], [*GREEN, "surcharge"]))
