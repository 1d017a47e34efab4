"""What an import tells at its end, in words and one table per currency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from events.importing.account import Account
from events.importing.rows import Outcome
from events.importing.tally import Sum, Tally

_KINDS_SHOWN: Final = 8


def lines(
    tally: Tally, account: Account, *, seconds: float, dry_run: bool, report: str | None
) -> Iterator[str]:
    """The lines of the summary, without their ends."""
    if dry_run:
        yield "Dry run: nothing was written. The ledger's own checks (version, currency) were not made."
    yield _rates(tally, seconds)
    for currency in sorted(tally.read):
        yield ""
        yield from _table(tally, currency, dry_run)
    yield ""
    yield _balance(tally)
    if tally.voids:
        yield f"{tally.voids:,} rows take another row's fare back to zero; they count with negative totals."
    where = f"all in {report}" if report else "--report FILE lists all"
    yield from _differences(tally, account.differing, where)
    yield from _listed("rows were refused", tally.rows(Outcome.REFUSED), account.refused, where)
    title = "rows are only partly in: some of their events were appended before one was refused. Look at them"
    yield from _listed(title, tally.rows(Outcome.PARTLY), account.partly, where)


def _rates(tally: Tally, seconds: float) -> str:
    rows, events = tally.rows(), tally.events
    return (
        f"{rows:,} rows in {seconds:,.1f} s ({rows / seconds:,.0f} a second),"
        f" {events:,} events appended ({events / seconds:,.0f} a second)."
    )


def _table(tally: Tally, currency: str, dry_run: bool) -> Iterator[str]:
    yield f"{currency or 'no currency given':<22}{'rows':>12}{'stated totals':>22}{'sum of events':>22}"
    for outcome in Outcome:
        part = tally.outcomes.get((outcome, currency), Sum())
        if part.rows or outcome is not Outcome.PARTLY:
            name = f"would be {outcome}" if dry_run else outcome.value
            yield _line(name, part, with_events=outcome is not Outcome.REFUSED)
    yield _line("read", tally.read[currency], with_events=False)


def _line(name: str, part: Sum, *, with_events: bool) -> str:
    events_sum = f"{part.events_sum:>22,f}" if with_events else ""
    unreadable = (
        f"  (and {part.unreadable:,} rows without a total that can be read)" if part.unreadable else ""
    )
    return f"{name:<22}{part.rows:>12,}{part.total:>22,f}{events_sum}{unreadable}"


def _balance(tally: Tally) -> str:
    if tally.balances():
        return "Rows and totals of the outcomes add up to what was read."
    return "ERROR: rows and totals of the outcomes do NOT add up to what was read. This is a bug: report it."


def _differences(tally: Tally, examples: Sequence[str], where: str) -> Iterator[str]:
    title = "rows state a total that is not the sum of their amounts. They are imported as the amounts say"
    yield from _listed(title, sum(tally.differences.values()), examples, where)
    for (currency, difference), rows in tally.differences.most_common(_KINDS_SHOWN):
        yield f"  the total is {difference:+} {currency} off in {rows:,} rows"
    if len(tally.differences) > _KINDS_SHOWN:
        yield f"  … and {len(tally.differences) - _KINDS_SHOWN:,} other differences"


def _listed(title: str, count: int, examples: Sequence[str], where: str) -> Iterator[str]:
    if not count:
        return
    yield ""
    yield f"{count:,} {title}:"
    yield from (f"  {example}" for example in examples)
    if count > len(examples):
        yield f"  … and {count - len(examples):,} more ({where})"
