"""JSON spread over lines for reading, every string and number exactly as it was stored.

A parser would turn `1.50` into `1.5` and `1e2` into `100.0`; here only the white space changes.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^{}\[\],:"\s]+')
_INDENT = "  "


def pretty_json(text: str) -> str:
    """The same JSON, indented. `text` must be well-formed; empty objects and arrays stay on one line."""
    pieces = _PIECE.findall(text)
    out: list[str] = []
    depth = 0
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        if piece in "{[":
            depth += 1
            out.append(piece if following in "}]" else piece + _line(depth))
        elif piece in "}]":
            depth -= 1
            out.append(piece if out[-1][-1] in "{[" else _line(depth) + piece)
        elif piece == ",":
            out.append("," + _line(depth))
        else:
            out.append(": " if piece == ":" else piece)
    return "".join(out)


def _line(depth: int) -> str:
    return "\n" + _INDENT * depth
