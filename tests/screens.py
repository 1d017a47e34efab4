"""Takes the pictures of `docs/screens.md`, each screen light and dark, from a running demo.

    python -m tests.screens DEMO_JSON

Every screen is checked by axe on the way; raises AssertionError where it finds something.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS

PICTURES: Final = Path(__file__).parent.parent / "docs" / "images"
DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
QUALITY: Final = 82

FARES: Final = "projections/currentfare"
SCREENS: Final = {
    "viewer": {
        "search": f"{FARES}/",
        "search-result": f"{FARES}/?q=BK-10",
        "search-nothing": f"{FARES}/?q=BK-nobody-knows",
        "fare": f"{FARES}/BK-1001/change/",
        "fare-as-of": f"{FARES}/BK-1001/change/?version=2",
        "event": f"{FARES}/BK-1001/events/2/",
        "diff": f"{FARES}/BK-1001/diff/?from=1&to=4",
        "fare-print": f"{FARES}/BK-1001/change/?print",
    },
    "lead": {
        "dashboard": "",
        "corrections": "events/correction/",
        "correction-propose": "events/correction/propose/?booking_id=BK-1001&version=2",
    },
    "operator": {
        "projections": "projections/projectionstate/",
        "projection": "projections/projectionstate/current_fare/",
        "set-aside": "projections/projectionstate/set-aside/",
        "drift": "projections/drift/",
        "rebuilds": "projections/rebuild/",
        "rebuild-start": "projections/rebuild/of/current_fare/",
        "repairs": "projections/repair/",
        "transfers": "events/transfer/",
        "import": "events/transfer/import/",
        "export": "events/transfer/export/",
        "keys": "events/apikey/",
        "correction-limits": "events/correctionlimit/",
        "reason-codes": "events/reasoncode/",
        "schedules": "django_celery_beat/periodictask/",
    },
    "auditor": {
        "audit": "events/auditentry/",
    },
    "admin": {
        "people": "auth/user/",
        "groups": "auth/group/",
        "second-factor": "second-factor/set-up/",
        "lock-outs": "axes/accessattempt/",
    },
}
"""Who looks → name of the picture → address below the admin's."""
REVIEW: Final = "correction-review"
"""The page of the first correction in the queue, whose id each demo gives anew."""


def main(demo_file: str) -> None:
    demo = json.loads(Path(demo_file).read_text())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        faults = [fault for scheme in ("light", "dark") for fault in _taken(browser, demo, scheme)]
        browser.close()
    assert not faults, "\n".join(faults)


def _taken(browser: Browser, demo: dict[str, Any], scheme: Any) -> Iterator[str]:
    """Takes all of one colour scheme; what was wrong with a screen."""
    for who, screens in SCREENS.items():
        context = browser.new_context(base_url=demo["url"], color_scheme=scheme, viewport=DESK)
        page = context.new_page()
        page.goto("/admin/")
        if who == "viewer":
            yield from _take(page, f"log-in-{scheme}")
        page.get_by_label("Username").fill(demo["accounts"][who]["username"])
        page.get_by_label("Password").fill(demo["accounts"][who]["password"])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_load_state("networkidle")
        for name, address in screens.items():
            answer = page.goto(f"/admin/{address}")
            if answer is None or not answer.ok:
                yield f"{name}: {answer and answer.status}"
            yield from _take(page, f"{name}-{scheme}")
        if "corrections" in screens:
            page.goto(f"/admin/{screens['corrections']}")
            page.locator("main tbody a").first.click()
            page.wait_for_load_state()
            yield from _take(page, f"{REVIEW}-{scheme}")
        context.close()


def _take(page: Page, name: str) -> Iterator[str]:
    page.wait_for_timeout(500)
    found = Axe().run(page)
    if found.violations_count:
        yield f"{name}: {found.generate_report()}"
    shot = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot", {"format": "webp", "quality": QUALITY}
    )
    (PICTURES / f"{name}.webp").write_bytes(b64decode(shot["data"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
