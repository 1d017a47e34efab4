"""Another operator's CSV file, read by a mapping: a row states one booking's whole fare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from uuid import uuid5

from events.importing.amounts import is_missing, money
from events.importing.files import Source, csv_rows, header_of, named, other_encoding
from events.importing.mapping import Mapping
from events.importing.planning import NAMESPACE, plan
from events.importing.rows import FareRow, ImportFailed, Place, RefusedRow, Row, RowRefused
from events.importing.times import instant, local_time
from events.money import exponent_of


def read(source: Source, mapping: Mapping) -> Iterator[Row]:
    """Every row, planned or refused. Raises ImportFailed if the file lacks a column of the mapping."""
    rows = csv_rows(source, mapping.delimiter, mapping.encoding)
    header = header_of(source, rows)
    reader = _Reader(mapping, _columns(source, mapping, header), len(header))
    for place, fields in rows:
        try:
            if isinstance(fields, RowRefused):
                raise fields
            yield plan(reader.fare_row(place, fields))
        except RowRefused as refused:
            yield reader.refused(place, refused, [] if isinstance(fields, RowRefused) else fields)


class _Reader:
    def __init__(self, mapping: Mapping, at: dict[str, int], width: int) -> None:
        self.mapping = mapping
        self.at = at
        self.width = width

    def fare_row(self, place: Place, fields: Sequence[str]) -> FareRow:
        mapping = self.mapping
        if len(fields) != self.width:
            raise RowRefused(
                "wrong_width", f"the row has {len(fields)} values, the header {self.width} columns"
            )
        booking_id = mapping.booking_prefix + self._needed(fields, mapping.booking_id)
        currency = self._currency(fields)
        base = self._money(fields, mapping.base_fare, currency)
        if base is None:
            raise RowRefused("missing_value", f"{mapping.base_fare} is missing")
        return FareRow(
            place=place,
            booking_id=booking_id,
            identity=uuid5(NAMESPACE, f"booking|{booking_id}"),
            currency=currency,
            base=base,
            extras=self._extras(fields, currency),
            stated_total=self._money(fields, mapping.total, currency) if mapping.total else None,
            occurred_at=instant(
                local_time(self._needed(fields, mapping.time), mapping.time, mapping.time_format),
                mapping.zone,
            ),
            metadata=self._metadata(fields),
        )

    def refused(self, place: Place, refused: RowRefused, fields: Sequence[str]) -> RefusedRow:
        """A row that was refused, with what of it can be read."""
        booking_id, currency, total = "", self.mapping.currency or "", None
        try:
            booking_id = self.mapping.booking_prefix + self._needed(fields, self.mapping.booking_id)
            currency = self._currency(fields)
            total = self._money(fields, self.mapping.total or self.mapping.base_fare, currency)
        except (RowRefused, IndexError):
            pass  # whatever could not be read is why the row is refused
        return RefusedRow(
            place=place,
            code=refused.code,
            reason=refused.reason + other_encoding(fields),
            booking_id=booking_id,
            currency=currency,
            total=total,
        )

    def _needed(self, fields: Sequence[str], column: str) -> str:
        value = fields[self.at[column]].strip()
        if not value:
            raise RowRefused("missing_value", f"{column} is missing")
        return value

    def _currency(self, fields: Sequence[str]) -> str:
        if self.mapping.currency is not None:
            return self.mapping.currency
        code = self._needed(fields, self.mapping.currency_column or "")
        try:
            exponent_of(code)
        except ValueError as error:
            raise RowRefused("unknown_currency", str(error)) from None
        return code

    def _money(self, fields: Sequence[str], column: str, currency: str) -> Decimal | None:
        text = fields[self.at[column]]
        try:
            return money(text, exponent_of(currency), self.mapping.decimal, self.mapping.thousands)
        except RowRefused as refused:
            raise RowRefused(refused.code, f"{column}: {refused.reason}") from None

    def _extras(self, fields: Sequence[str], currency: str) -> list[tuple[str, Decimal]]:
        amounts = (
            (part.name, part.sign, self._money(fields, part.column, currency))
            for part in self.mapping.components
        )
        return [(name, sign * amount) for name, sign, amount in amounts if amount]

    def _metadata(self, fields: Sequence[str]) -> dict[str, object]:
        values = ((key, fields[self.at[column]].strip()) for key, column in self.mapping.metadata.items())
        return {key: value for key, value in values if not is_missing(value)}


def _columns(source: Source, mapping: Mapping, header: Sequence[str]) -> dict[str, int]:
    names = [name.strip() for name in header]
    missing = [column for column in mapping.columns() if column not in names]
    doubled = sorted({name for name in mapping.columns() if names.count(name) > 1})
    if missing or doubled:
        wrong = "; ".join(
            f"{what}: {named(which)}" for what, which in (("missing", missing), ("twice", doubled)) if which
        )
        raise ImportFailed(
            f"{source.name} does not fit the mapping {mapping.name} ({wrong})."
            f" Found: {named(names)}."
            f" The delimiter is {mapping.delimiter!r}: is that right?"
        )
    return {name: i for i, name in enumerate(names)}
