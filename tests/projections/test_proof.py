"""The proof finds nothing where nothing is wrong, and names the booking where something is."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from projections import runner
from projections.projectors import PROJECTORS
from projections.proof import prove
from tests.builders import add, given, set_, sub
from tests.projections.drift import planted_drift


@pytest.fixture
def booking() -> str:
    booking = given(
        set_("1.00"), add("toll", "5.00"), set_("14.00"), add("toll", "5.00"), sub("promo", "2.00")
    )
    for projector in PROJECTORS:
        runner.drain(projector, runner.lagging(projector))
    return booking


def test_a_view_of_the_ledger_is_proven_equal(booking: str, capsys: pytest.CaptureFixture[str]) -> None:
    proof = prove()
    assert (proof.differences, proof.gaps) == ([], [])
    assert proof.fares > 0
    call_command("check_fares")
    assert "0 fares differ from their events, 0 gaps" in capsys.readouterr().out


@pytest.mark.parametrize(
    "damage",
    ["fare_minor = fare_minor + 1", "version = version - 1", "component_amounts = ARRAY[1401, 499, -200]"],
)
def test_planted_drift_is_named(booking: str, damage: str) -> None:
    with planted_drift(booking, damage):
        assert [difference.booking_id for difference in prove().differences] == [booking]
        with pytest.raises(SystemExit):
            call_command("check_fares")
    assert prove().holds
