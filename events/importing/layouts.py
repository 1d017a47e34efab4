"""Which column of a TLC trip file means what, by the names that have been used over the years.

Headers are compared in lower case and without spaces around them. The files: yellow and green taxis
(https://www.nyc.gov/site/tlc/about/tlc-trip-record-data.page) since 2009, high-volume for-hire services
(Uber, Lyft) since 2019, and the renamed copies of them that circulate as samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from events.importing.files import named
from events.importing.rows import ImportFailed

_ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "pickup": ("lpep_pickup_datetime", "tpep_pickup_datetime", "pickup_datetime", "trip_pickup_datetime"),
    "dropoff": (
        "lpep_dropoff_datetime",
        "tpep_dropoff_datetime",
        "dropoff_datetime",
        "trip_dropoff_datetime",
    ),
    "base_fare": ("fare_amount", "fare_amt", "base_passenger_fare"),
    "total": ("total_amount", "total_amt"),
    "vendor": ("vendorid", "vendor_id", "vendor_name", "hvfhs_license_num"),
    "pickup_zone": ("pulocationid", "pickup_location_id"),
    "dropoff_zone": ("dolocationid", "dropoff_location_id"),
    "pickup_longitude": ("pickup_longitude", "start_lon"),
    "pickup_latitude": ("pickup_latitude", "start_lat"),
    "dropoff_longitude": ("dropoff_longitude", "end_lon"),
    "dropoff_latitude": ("dropoff_latitude", "end_lat"),
    "distance_miles": ("trip_distance", "trip_miles"),
    "request": ("request_datetime",),
    "passengers": ("passenger_count",),
    "rate_code": ("ratecodeid", "rate_code_id", "rate_code"),
    "payment_type": ("payment_type",),
    "trip_type": ("trip_type",),
    "store_and_fwd": ("store_and_fwd_flag", "store_and_forward"),
}

_EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "extra": ("extra", "surcharge"),
    "mta_tax": ("mta_tax",),
    "tip": ("tip_amount", "tip_amt", "tips"),
    "toll": ("tolls_amount", "tolls_amt", "tolls"),
    "improvement_surcharge": ("improvement_surcharge",),
    "congestion_surcharge": ("congestion_surcharge",),
    "airport_fee": ("airport_fee",),
    "cbd_congestion_fee": ("cbd_congestion_fee",),
    "ehail_fee": ("ehail_fee",),
    "black_car_fund": ("bcf",),
    "sales_tax": ("sales_tax",),
}

_NEEDED: Final = ("pickup", "dropoff", "base_fare")

_IDENTITY: Final = (
    "vendor", "pickup_zone", "dropoff_zone", "pickup_longitude", "pickup_latitude",
    "dropoff_longitude", "dropoff_latitude", "distance_miles", "request",
)  # fmt: skip
"""With both times, what tells one trip from another. Not amounts and payment: a void has other ones."""

_ROLE_OF = {name: role for role, names in {**_ROLES, **_EXTRAS}.items() for name in names}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in the rows of one file: column numbers from 0."""

    service: str
    """yellow, green or fhv: part of a trip's identity."""
    columns: Sequence[str]
    """The header as in the file."""
    pickup: int
    dropoff: int
    base_fare: int
    total: int | None
    extras: Sequence[tuple[str, int]]
    identity: Sequence[int]
    metadata: Sequence[tuple[str, int]]
    unknown: Sequence[str]
    """Columns that no known layout has. They are kept as metadata, under their own names."""


def layout_of(header: Sequence[str]) -> Layout:
    """Raises ImportFailed, naming the columns found and those needed, for a header of any other file."""
    names = [name.strip().lower() for name in header]
    at: dict[str, int] = {}
    for i, name in enumerate(names):
        role = _ROLE_OF.get(name, name or f"column_{i + 1}")
        if role in at:
            raise ImportFailed(
                f"the columns {named([header[at[role]].strip()])} and {named([header[i].strip()])} mean the same"
            )
        at[role] = i
    missing = [f"{role} ({' or '.join(_ROLES[role])})" for role in _NEEDED if role not in at]
    if missing:
        found = named(name.strip() for name in header)
        raise ImportFailed(
            f"this is no TLC layout that is known. Needed: {'; '.join(missing)}. Found: {found}."
            " Another operator's CSV file needs a mapping."
        )
    kept = [role for role in at if role not in (*_NEEDED, *_EXTRAS, "total")]
    return Layout(
        service=_service(names),
        columns=list(header),
        pickup=at["pickup"],
        dropoff=at["dropoff"],
        base_fare=at["base_fare"],
        total=at.get("total"),
        extras=[(component, at[component]) for component in _EXTRAS if component in at],
        identity=[at[role] for role in _IDENTITY if role in at],
        metadata=[(role, at[role]) for role in kept],
        unknown=[role for role in kept if role not in _ROLES and role not in _KNOWN_METADATA],
    )


_KNOWN_METADATA: Final = frozenset(
    {
        "dispatching_base_num", "originating_base_num", "on_scene_datetime", "trip_time", "driver_pay",
        "shared_request_flag", "shared_match_flag", "access_a_ride_flag", "wav_request_flag",
        "wav_match_flag",
    }
)  # fmt: skip
"""Columns of the high-volume files that are no part of the passenger's fare, kept under their own names."""


def _service(names: Sequence[str]) -> str:
    if "hvfhs_license_num" in names or "base_passenger_fare" in names:
        return "fhv"
    if "lpep_pickup_datetime" in names or "trip_type" in names:
        return "green"
    return "yellow"
