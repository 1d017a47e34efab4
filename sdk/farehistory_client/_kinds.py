"""What kinds of events there are: the types, and how components are named."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

EventType: TypeAlias = Literal["SET", "ADD", "SUB"]

COMPONENT: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
"""Used with fullmatch: `$` would let a trailing newline in."""
