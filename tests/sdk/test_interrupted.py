"""A call of `Client` may be ended from outside by an exception: of a signal's handler, a soft time limit, Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import farehistory_client
import pytest


@pytest.mark.timeout(200)
def test_a_client_goes_on_working_wherever_its_calls_were_ended() -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(farehistory_client.__file__).parent.parent)}
    ended = subprocess.run(
        [sys.executable, "-m", "tests.sdk.interrupted"], env=environment, text=True, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr
