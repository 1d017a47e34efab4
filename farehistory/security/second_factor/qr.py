"""The square that an app photographs, drawn here: the secret in it goes to no other host."""

from __future__ import annotations

import qrcode
from django.utils.safestring import SafeString, mark_safe
from qrcode.image.svg import SvgPathImage


def svg(text: str) -> SafeString:
    """An SVG element that says this text; made of figures alone, nothing of the text stands in it."""
    image = qrcode.make(text, image_factory=SvgPathImage, border=2)
    return mark_safe(image.to_string(encoding="unicode"))  # noqa: S308 - a path and its frame
