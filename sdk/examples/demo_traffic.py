"""Runs the three services against the demo until Ctrl-C: `make demo-traffic`.

Address and keys are those that the running demo has written to demo.json in its state folder (FAREHISTORY_STATE).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import httpx

HERE = Path(__file__).resolve().parent
SERVICES = ("pricing", "toll", "promo")


def demo() -> tuple[str, dict[str, str]]:
    """Where it is, and the keys by service."""
    file = Path(os.environ.get("FAREHISTORY_STATE") or ".state", "demo.json")
    try:
        known = json.loads(file.read_text())
        url, keys = known["url"], {source: known["api_keys"][source] for source in SERVICES}
    except (OSError, ValueError, KeyError):
        sys.exit(
            f"There is no demo: {file} cannot be read. Start it by `make demo`; FAREHISTORY_STATE moves it."
        )
    try:
        httpx.get(f"{url}/health/live")
    except httpx.TransportError as error:
        sys.exit(f"The demo at {url} does not answer ({error}). Start it by `make demo`.")
    return url, keys


def started(service: str, url: str, key: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "FAREHISTORY_URL": url, "FAREHISTORY_KEY": key}
    # The client as it stands beside this folder; installed, it needs no path.
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")])
    )
    # Ctrl-C is for us: in a group of its own, a service hears of it by us, also while it still starts.
    return subprocess.Popen(
        [sys.executable, HERE / f"{service}_service.py"], env=environment, process_group=0
    )


def end(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    url, keys = demo()
    signal.signal(signal.SIGTERM, end)
    print(f"Pricing, toll and promo service send to {url}; Ctrl-C ends them.", flush=True)
    running: list[subprocess.Popen[bytes]] = []
    try:
        running += [started(service, url, key) for service, key in keys.items()]
        while all(each.poll() is None for each in running):
            time.sleep(0.2)
        return 1  # one of them has said why it ended
    except KeyboardInterrupt:
        return 0
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
