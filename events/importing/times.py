"""A local time as files write it → an instant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from events.importing.amounts import is_missing
from events.importing.rows import RowRefused

# Only these forms are ISO's here: fromisoformat also takes 20210101 and 2021-W01-1.
_ISO = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_OTHER_FORMS = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M")


def local_time(text: str, name: str, form: str | None = None) -> datetime:
    """The time in a column called `name`, as written: aware only if the file gives an offset.

    `form` is a strptime format; without one, ISO 8601 and month/day/year with AM or PM are understood.
    Raises RowRefused if it is missing or no time.
    """
    text = text.strip()
    if is_missing(text):
        raise RowRefused("missing_value", f"{name} is missing")
    try:
        if form is not None:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is applied by `instant`
        if _ISO.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise RowRefused("not_a_time", f"{name} is not a time: {text[:40]!r} ({error})") from None
    return _in_another_form(text, name)


def instant(local: datetime, zone: tzinfo, not_before: datetime | None = None) -> datetime:
    """The UTC instant of a local time.

    When clocks go back, an hour happens twice: the first is meant, unless that would be before `not_before`
    (an instant) and the second would not. When clocks go forward, a time in the missing hour is counted on
    from before the change. A time with its own offset is taken by that. Raises RowRefused if out of range.
    """
    try:
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if not_before is None or first >= not_before:
            return first
        second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    except OverflowError:
        raise RowRefused("time_out_of_range", f"the time {local} is out of range") from None
    return second if first < second and second >= not_before else first


def _in_another_form(text: str, name: str) -> datetime:
    for form in _OTHER_FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is applied by `instant`
        except ValueError:
            continue
    raise RowRefused("not_a_time", f"{name} is not a time: {text[:40]!r}")
