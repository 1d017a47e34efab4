"""The scripts of the figures still run, each on servers of its own. What they measure here means nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from farehistory.embedded.state import CHECKOUT

pytestmark = pytest.mark.long

TINY = ("--seconds", "0.2", "--rounds", "1", "--events", "500")
TRIPS = """\
lpep_pickup_datetime,lpep_dropoff_datetime,VendorID,PULocationID,DOLocationID,trip_distance,fare_amount,tip_amount,total_amount
2021-01-01 00:15:56,2021-01-01 00:19:52,2,43,151,1.01,5.5,1.7,7.2
2021-01-01 00:25:59,2021-01-01 00:34:44,2,166,239,2.53,10,0,10
"""


@pytest.mark.parametrize(
    ("script", "figure"),
    [
        ("append", "append / bare INSERT, 8 clients"),
        ("batch", "append / COPY"),
        ("projector", "drain / projection runner of eventsourcing"),
        ("rebuild", "rebuild / COPY, time, at rest"),
        ("batch_to_view", "time to catch up / time of appending"),
        ("append_to_view", "append to view, p99, round 1"),
        ("pages", "fare page: large / small"),
        ("feed", "page of 1,000: large / small"),
        ("cached_read", "hit rate while bookings change"),
        ("over_http", "CPU of append / bare view in a new project, all processes"),
    ],
)
def test_a_script_measures_its_figure(script: str, figure: str, tmp_path: Path) -> None:
    assert figures(tmp_path, script)[figure] > 0


def test_the_import_s_script_imports_and_proves(tmp_path: Path) -> None:
    trips = tmp_path / "green.csv"
    trips.write_text(TRIPS)
    assert figures(tmp_path, "import_fares", str(trips))["bookings imported"] > 0


def figures(folder: Path, script: str, *arguments: str) -> dict[str, float]:
    """Runs a script as a user would; its figures by name."""
    file = folder / "figures.json"
    command = [sys.executable, "-m", f"benchmarks.{script}", *arguments, *TINY, "--json", str(file)]
    run = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return {figure["name"]: figure["value"] for figure in json.loads(file.read_text())["figures"]}
