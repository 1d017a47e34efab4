"""GET fares/{booking_id}/receipt: the breakdown as a person reads it, as JSON, HTML or PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from events.api.endpoint import Endpoint
from events.api.parameters import Reader, one_of, read_parameters
from projections import receipts
from projections.api import receipt_schema
from projections.receipts.document import Document
from projections.receipts.html import as_html, content_security_policy
from projections.receipts.pdf import as_pdf


class HTMLReceipt(BaseRenderer):
    media_type = "text/html"
    format = "html"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> str:
        return as_html(data)


class PDFReceipt(BaseRenderer):
    media_type = "application/pdf"
    format = "pdf"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return as_pdf(data)


class ReceiptOfBooking(Endpoint):
    """fares/{booking_id}/receipt"""

    required_scopes = {"GET": "fares:read"}
    renderer_classes = [
        *(import_string(name) for name in settings.REST_FRAMEWORK["DEFAULT_RENDERER_CLASSES"]),
        HTMLReceipt,
        PDFReceipt,
    ]

    @extend_schema(**receipt_schema.RECEIPT_OF_BOOKING)
    def get(self, request: Request, booking_id: str) -> Response:
        given = read_parameters(request, {"format": one_of(*self._forms()), "number": _number_of(booking_id)})
        number = given.get("number")
        receipt = receipts.issue(booking_id) if number is None else receipts.of_number(booking_id, number)
        document = Document.from_json(receipt.document)
        return Response(document, headers=_headers(request.accepted_renderer.format, document))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """What `format` names; else what `Accept` asks for. A format that is unknown is refused by `get`."""
        asked = request.query_params.get("format")
        if asked is None:
            return super().perform_content_negotiation(request, force)
        renderers = self.get_renderers()
        renderer = next((each for each in renderers if each.format == asked), renderers[0])
        return renderer, renderer.media_type

    def _forms(self) -> list[str]:
        return [renderer.format for renderer in self.renderer_classes]


def _number_of(booking_id: str) -> Reader:
    """A reader of the booking's receipt numbers (BK-1001-R2); answers the sequence (2)."""
    pattern = re.compile(re.escape(booking_id) + "-R([1-9][0-9]{0,8})")

    def read(text: str) -> int:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError("must be a receipt number of this booking: its id and -R1, -R2 …")
        return int(match[1])

    return read


def _headers(form: str, document: Document) -> dict[str, str]:
    if form == "html":
        return {"Content-Security-Policy": content_security_policy()}
    if form == "pdf":
        # The one character of a booking id that some systems do not take in a file's name.
        name = document.number.replace(":", "_")
        return {"Content-Disposition": f'inline; filename="receipt-{name}.pdf"'}
    return {}
