"""What a script prints: the conditions, each case's rate and latencies, each figure beside its goal."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

import psutil
import psycopg

from farehistory.embedded.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value beside its goal: the median over the rounds, and their lowest and highest."""

    name: str
    value: float
    low: float
    high: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @classmethod
    def of(cls, name: str, values: Sequence[float], **goal: Any) -> Self:
        return cls(name=name, value=median(values), low=min(values), high=max(values), **goal)

    @property
    def goal(self) -> str:
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "none" if self.at_most is None else f"at most {self.at_most:g}"

    @property
    def met(self) -> bool | None:
        """None where there is no goal."""
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most

    def __str__(self) -> str:
        verdict = {True: "met", False: "MISSED", None: ""}[self.met]
        spread = "" if self.low == self.high else f" ({self.low:.3g} to {self.high:.3g})"
        return f"{self.name}: {self.value:.3g}{self.unit}{spread}   goal: {self.goal}   {verdict}".rstrip()


@dataclass(slots=True)
class Report:
    """Everything that one script has to say, on standard output and for `--json`."""

    conditions: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    def begin(self, conditions: dict[str, Any]) -> None:
        self.conditions = conditions
        for name, value in conditions.items():
            print(f"{name}: {value}", flush=True)
        print()

    def note(self, line: str) -> None:
        self.notes.append(line)
        print(f"  {line}", flush=True)

    def tell(self, figure: Figure) -> None:
        self.figures.append(figure)
        print(figure, flush=True)

    def write(self, file: str) -> None:
        figures = [asdict(figure) | {"met": figure.met} for figure in self.figures]
        content = {"conditions": self.conditions, "notes": self.notes, "figures": figures}
        Path(file).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def conditions(superuser: psycopg.Connection[Any], state: State) -> dict[str, Any]:
    """What a figure depends on besides the code: the machine, who else is at work on it, durability."""
    return {
        "machine": f"{platform.node()}, {_processor()}, {os.cpu_count()} cores",
        "busy before the start": f"{psutil.cpu_percent(interval=1):.0f} % of all cores",
        "data on": _file_system(state.path),
        "PostgreSQL": _setting(superuser, "server_version"),
        "fsync": _setting(superuser, "fsync"),
        "synchronous_commit": _setting(superuser, "synchronous_commit"),
        "Python": platform.python_version(),
        "psycopg": psycopg.__version__,
    }


def _setting(connection: psycopg.Connection[Any], name: str) -> str:
    (value,) = connection.execute("SELECT current_setting(%s)", [name]).fetchone() or ("",)
    return str(value)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(path: Path) -> str:
    table = subprocess.run(["df", "--output=fstype", path], capture_output=True, text=True, check=True)
    return table.stdout.split()[-1]
