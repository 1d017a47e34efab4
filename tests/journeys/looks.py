"""How a page looks, in light colours and in dark ones, from one telling of its story."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CONTRASTS = {"runOnly": ["color-contrast"]}

IN_DARK = "matchMedia('(prefers-color-scheme: dark)').matches"

WEAR = """async (scheme) => {
    document.documentElement.classList.toggle("dark", scheme === "dark");
    const fades = document.getAnimations().filter((one) => one instanceof CSSTransition);
    await Promise.allSettled(fades.map((fade) => fade.finished));
}"""
"""An open page does not follow the system's colours: its class is what it would have been opened with."""


def assert_accessible(page: Page) -> None:
    """Nothing that axe finds; and nothing too faint in the other colours either."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    own, other = ("dark", "light") if page.evaluate(IN_DARK) else ("light", "dark")
    _wear(page, other)
    found = Axe().run(page, options=CONTRASTS)
    assert found.violations_count == 0, f"in {other} colours: {found.generate_report()}"
    _wear(page, own)


def _wear(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate(WEAR, scheme)
