"""Tables of commands: whole cells at any width."""

from __future__ import annotations

import pytest
from rich.table import Table

from projections.terminal_tables import counted, written


def table() -> Table:
    made = Table("projection", "behind", "last rebuild")
    made.add_row("current_fare", "209,477 events, 242.4 s", "2026-03-01 03:10:06 done, 0 differed")
    return made


def test_a_column_that_may_go_is_left_out_where_the_terminal_is_too_narrow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert written(table(), may_go="last rebuild").splitlines() == [
        "projection    behind",
        "current_fare  209,477 events, 242.4 s",
        "(last rebuild: in a wider terminal)",
    ]


@pytest.mark.parametrize("columns", ["20", "80", "200"])
def test_no_cell_is_ever_broken_or_cut(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, row = written(table()).splitlines()
    assert row == "current_fare  209,477 events, 242.4 s  2026-03-01 03:10:06 done, 0 differed"


def test_in_a_pipe_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.__stdout__", None)
    assert "0 differed" in written(table(), may_go="last rebuild")


def test_numbers_have_separators_and_one_is_singular() -> None:
    assert [counted(number, "event") for number in (0, 1, 250_314)] == [
        "0 events",
        "1 event",
        "250,314 events",
    ]
