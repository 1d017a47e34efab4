from playwright.sync_api import expect

from tests.api_client import api  # noqa: F401 - a fixture

expect.set_options(
    timeout=30_000
)  # what is expected comes at once, but not on a machine that does other things too
