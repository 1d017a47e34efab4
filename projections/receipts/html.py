"""A receipt as one HTML file: it needs no other, runs no script, and can be kept and printed."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from django.template.loader import get_template, render_to_string
from django.utils.safestring import SafeString, mark_safe

from projections.receipts.document import Document
from projections.receipts.presentation import present


def as_html(document: Document) -> str:
    """The page. Whatever a client wrote is escaped, and kept apart from the direction of what is around it."""
    return render_to_string("receipts/receipt.html", {"receipt": present(document), "css": _css()})


@cache
def content_security_policy() -> str:
    """The header under which the page is served: nothing but its own styles, known by their hash."""
    digest = base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _css() -> SafeString:
    return mark_safe(get_template("receipts/receipt.css").render())  # noqa: S308 - our own file, nothing is put in
