"""What the columns of another operator's CSV file mean: its mapping file (TOML). See docs/importing.md."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from events.importing.rows import ImportFailed
from events.money import exponent_of
from events.new_event import COMPONENT, SOURCE


@dataclass(frozen=True, slots=True)
class Component:
    """A column that adds to the fare, or takes from it (`sign` -1: 5.00 there is a discount of 5.00)."""

    name: str
    column: str
    sign: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How one kind of file is read. Every name of a column is as in its header, spaces around it left out."""

    name: str
    booking_id: str
    booking_prefix: str = ""
    base_fare: str
    components: tuple[Component, ...] = ()
    total: str | None = None
    currency: str | None = None
    """The constant currency; else `currency_column` names it row by row."""
    currency_column: str | None = None
    time: str
    time_format: str | None = None
    zone: ZoneInfo
    metadata: MappingABC[str, str] = field(default_factory=dict)
    """Metadata key → column."""
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8-sig"

    def columns(self) -> list[str]:
        """Every column that the file must have."""
        named = [self.booking_id, self.base_fare, self.total, self.currency_column, self.time]
        return [
            name for name in (*named, *(c.column for c in self.components), *self.metadata.values()) if name
        ]


def load(path: str) -> Mapping:
    """Raises ImportFailed, saying which key is wrong, for a file that is no mapping."""
    try:
        return parsed(Path(path).read_text(encoding="utf-8"), path)
    except OSError as error:
        raise ImportFailed(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise ImportFailed(f"{path} is not a mapping: {error}") from None


def parsed(text: str, name: str) -> Mapping:
    """The mapping of a file's text. Raises ImportFailed, saying which key is wrong."""
    try:
        return _mapping(tomllib.loads(text))
    except (ValueError, _Wrong) as error:
        raise ImportFailed(f"{name} is not a mapping: {error}") from None


class _Wrong(Exception):
    pass


_TABLES = {
    "file": {"delimiter", "decimal", "thousands", "encoding"},
    "booking": {"column", "prefix"},
    "currency": {"constant", "column"},
    "time": {"column", "format", "zone"},
    "fare": {"base", "total"},
    "components": None,
    "metadata": None,
}


def _mapping(tables: dict[str, Any]) -> Mapping:
    _check_keys(tables)
    currency = tables.get("currency", {})
    if len(currency) != 1:
        raise _Wrong("[currency] has either `constant` or `column`")
    name = _text(tables, "", "name")
    if not SOURCE.fullmatch(name):
        raise _Wrong(
            "`name` must be 1 to 48 of a-z 0-9 - and start with a letter: it becomes the events' source"
        )
    return Mapping(
        name=name,
        booking_id=_text(tables, "booking", "column"),
        booking_prefix=_text(tables, "booking", "prefix", ""),
        base_fare=_text(tables, "fare", "base"),
        components=tuple(_component(name, value) for name, value in tables.get("components", {}).items()),
        total=_text(tables, "fare", "total", "") or None,
        currency=_currency(_text(tables, "currency", "constant", "")),
        currency_column=_text(tables, "currency", "column", "") or None,
        time=_text(tables, "time", "column"),
        time_format=_text(tables, "time", "format", "") or None,
        zone=_zone(_text(tables, "time", "zone")),
        metadata={
            key: _string(f"metadata.{key}", value) for key, value in tables.get("metadata", {}).items()
        },
        delimiter=_character(tables, "delimiter", ","),
        decimal=_character(tables, "decimal", "."),
        thousands=_text(tables, "file", "thousands", ""),
        encoding=_encoding(_text(tables, "file", "encoding", "utf-8-sig")),
    )


def _check_keys(tables: dict[str, Any]) -> None:
    for table, value in tables.items():
        if table == "name":
            continue
        if table not in _TABLES:
            raise _Wrong(f"unknown table [{table}]; there are {', '.join(f'[{known}]' for known in _TABLES)}")
        if not isinstance(value, dict):
            raise _Wrong(f"{table} must be a table: [{table}]")
        known = _TABLES[table]
        unknown = sorted(value.keys() - known) if known is not None else []
        if unknown:
            raise _Wrong(f"unknown in [{table}]: {', '.join(unknown)}")


def _component(name: str, value: Any) -> Component:
    if not COMPONENT.fullmatch(name):
        raise _Wrong(f"the component {name!r} must be 1 to 48 of a-z 0-9 _ and start with a letter")
    if isinstance(value, str):
        return Component(name, value, 1)
    if not isinstance(value, dict) or value.keys() - {"column", "sign"}:
        raise _Wrong(f'components.{name} is a column name, or {{ column = "…", sign = "add" or "sub" }}')
    sign = {"add": 1, "sub": -1}.get(value.get("sign", "add"))
    if sign is None:
        raise _Wrong(f'components.{name}: sign must be "add" or "sub"')
    return Component(name, _string(f"components.{name}.column", value.get("column")), sign)


def _text(tables: dict[str, Any], table: str, key: str, default: str | None = None) -> str:
    value = (tables.get(table, {}) if table else tables).get(key, default)
    return _string(f"{table}.{key}" if table else key, value)


def _string(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"{key} is missing" if value is None else f"{key} must be a text in quotes")
    return value


def _character(tables: dict[str, Any], key: str, default: str) -> str:
    value = _text(tables, "file", key, default)
    if len(value) != 1:
        raise _Wrong(f"file.{key} must be one character")
    return value


def _currency(code: str) -> str | None:
    if code:
        exponent_of(code)  # raises ValueError with the reason
    return code or None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _Wrong(f"time.zone {name!r} is no time zone; they are named like Europe/Berlin") from None


def _encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise _Wrong(f"file.encoding {name!r} is not known; try utf-8 or cp1252") from None
    return name
