"""What an import tells at its end, in words and one table per currency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from events.importing.account import Account
from events.importing.rows import Outcome
from events.importing.tally import Sum, Tally
from events.money import exponent_of

_KINDS_SHOWN: Final = 8


def lines(
    tally: Tally, account: Account, *, seconds: float, dry_run: bool, report: str | None
) -> Iterator[str]:
    """The lines of the summary, without their ends."""
    if dry_run:
        yield "Dry run: nothing was written. An import does this, unless others append to these bookings meanwhile."
    yield _rates(tally, seconds, dry_run)
    for currency in sorted(tally.read):
        yield ""
        yield from _table(tally, currency, dry_run)
    yield ""
    yield _balance(tally)
    if tally.voids:
        yield f"Taking another row's fare back to zero, with a negative total: {_counted(tally.voids, 'row')}."
    where = f"all in {report}" if report else "--report FILE lists all"
    yield from _differences(tally, account.differing, where)
    yield from _listed("refused", tally.rows(Outcome.REFUSED), account.refused, where)
    title = "only partly in, since some events were appended before one was refused. Look at them"
    yield from _listed(title, tally.rows(Outcome.PARTLY), account.partly, where)


def _counted(number: int, noun: str) -> str:
    """1 row, 2,000 rows."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _rates(tally: Tally, seconds: float, dry_run: bool) -> str:
    rows = f"{_counted(tally.rows(), 'row')} in {seconds:,.1f} s ({tally.rows() / seconds:,.0f} a second)"
    events = _counted(tally.events, "event")
    if dry_run:
        return f"{rows}, {events} would be appended."
    return f"{rows}, {events} appended ({tally.events / seconds:,.0f} a second)."


def _table(tally: Tally, currency: str, dry_run: bool) -> Iterator[str]:
    yield f"{currency or 'no currency given':<22}{'rows':>12}{'stated totals':>22}{'sum of events':>22}"
    decimals = _decimals(tally, currency)
    for outcome in Outcome:
        part = tally.outcomes.get((outcome, currency), Sum())
        if part.rows or outcome is not Outcome.PARTLY:
            name = f"would be {outcome}" if dry_run else outcome.value
            yield _line(name, part, decimals, with_events=outcome is not Outcome.REFUSED)
    yield _line("read", tally.read[currency], decimals, with_events=False)


def _decimals(tally: Tally, currency: str) -> int:
    """The currency's; more where an amount was refused for having more, since no sum may be rounded."""
    try:
        exponent = exponent_of(currency)
    except ValueError:
        exponent = 0  # no currency, or none that exists
    return max(exponent, -cast(int, tally.read[currency].total.as_tuple().exponent))


def _line(name: str, part: Sum, decimals: int, *, with_events: bool) -> str:
    events_sum = f"{part.events_sum:>22,.{decimals}f}" if with_events else ""
    unreadable = f"  (no total can be read in {_counted(part.unreadable, 'row')})" if part.unreadable else ""
    return f"{name:<22}{part.rows:>12,}{part.total:>22,.{decimals}f}{events_sum}{unreadable}"


def _balance(tally: Tally) -> str:
    if tally.balances():
        return "Rows and totals of the outcomes add up to what was read."
    return "ERROR: rows and totals of the outcomes do NOT add up to what was read. This is a bug: report it."


def _differences(tally: Tally, examples: Sequence[str], where: str) -> Iterator[str]:
    title = "with a total that is not the sum of its amounts, imported as the amounts say"
    yield from _listed(title, sum(tally.differences.values()), examples, where)
    for (currency, difference), rows in tally.differences.most_common(_KINDS_SHOWN):
        yield f"  the total is {difference:+} {currency} off in {_counted(rows, 'row')}"
    if len(tally.differences) > _KINDS_SHOWN:
        yield f"  … and {_counted(len(tally.differences) - _KINDS_SHOWN, 'other difference')}"


def _listed(title: str, count: int, examples: Sequence[str], where: str) -> Iterator[str]:
    if not count:
        return
    yield ""
    yield f"{_counted(count, 'row')} {title}:"
    yield from (f"  {example}" for example in examples)
    if count > len(examples):
        yield f"  … and {count - len(examples):,} more ({where})"
