"""Addresses that no page of ours makes are answered like any other."""

from __future__ import annotations

import pytest

from tests.staff import signed_in


@pytest.mark.parametrize(
    "address",
    [
        "events/auditentry/?person=%00",
        "events/auditentry/?booking=BK-1%00",
        "events/apikey/?service=%00",
        "events/apikey/add/?like=%00",
        "events/apikey/add/?source=a%00b",
    ],
)
@pytest.mark.parametrize("group", ["auditor", "operator"])
def test_a_character_that_the_database_cannot_hold_breaks_no_page(group: str, address: str) -> None:
    assert signed_in(group).get(f"/admin/{address}").status_code in (200, 403)
