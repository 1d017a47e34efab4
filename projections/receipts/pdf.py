"""A receipt as PDF: A4, tagged, with only the glyphs that it shows, the same bytes whenever it is made."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import typst
from django.conf import settings

from projections.receipts.document import Document
from projections.receipts.presentation import present

FONTS: Final = Path(__file__).parent / "fonts"

FAMILIES: Final = ("Noto Sans", "Sarabun", "Noto Sans Arabic", "Noto Sans SC")
"""In this order each character is looked for; what none of them has is looked for in the fonts of the setting."""


def as_pdf(document: Document) -> bytes:
    """The file. A character that no font has is drawn as an empty box."""
    pdf = typst.compile(
        _template(),
        font_paths=_fonts(),
        sys_inputs=_inputs(document),
        timestamp=datetime.fromisoformat(document.issued_at).replace(microsecond=0),
    )
    if not isinstance(pdf, bytes):
        raise TypeError(f"a receipt is one PDF, not {type(pdf).__name__}")
    return pdf


def _inputs(document: Document) -> dict[str, str]:
    """What the template reads: nothing that a client wrote becomes part of its source."""
    return {
        "receipt": msgspec.json.encode(present(document)).decode(),
        "fonts": msgspec.json.encode(FAMILIES).decode(),
    }


@cache
def _template() -> bytes:
    return (Path(__file__).parent / "receipt.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Read once in a process; no font of the machine is used."""
    folders = [FONTS]
    if settings.FAREHISTORY_RECEIPT_FONTS:
        folders.append(Path(settings.FAREHISTORY_RECEIPT_FONTS))
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
