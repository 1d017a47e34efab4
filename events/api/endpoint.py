"""What all endpoints share: the scopes they need, how a body is read, and what OPTIONS answers."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events import strict_json
from events.errors import MalformedBody


class Endpoint(APIView):
    """One URL of the API. Subclasses declare a scope for each method that they answer."""

    required_scopes: ClassVar[dict[str, str]]

    max_body = 256 * 1024
    """Bytes that a request's body may have."""

    format_kwarg = None
    """No address ends in a format."""

    @staticmethod
    def parse_body(data: bytes) -> Any:
        """What the bytes of a body stand for. Raises what `strict_json.parse` does."""
        return strict_json.parse(data)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """`Allow`, which DRF puts together anew for each answer."""
        return dict(_default_headers(type(self)))  # type: ignore[arg-type]  # mypy: no hash

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """DRF's, with parsers and authenticators that all requests share: they keep nothing."""
        parsers, authenticators, negotiator = _shared(type(self))  # type: ignore[arg-type]  # mypy: no hash
        context = {"view": self, "args": args, "kwargs": kwargs}
        return Request(request, parsers, authenticators, negotiator, context)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """DRF's, without formats by suffix, versions and throttles, of which there are none.

        The key comes first: every call of a known one counts, whatever becomes of it.
        """
        self.perform_authentication(request)
        self.check_permissions(request)
        negotiated = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = negotiated

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """The header is taken apart only for those who do not ask for what is usual."""
        usual = self.renderer_classes[0]
        if request._request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", usual.media_type):
            return usual(), str(usual.media_type)
        found: tuple[Any, str] = super().perform_content_negotiation(request, force)
        return found

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """204; the header `Allow`, which every answer has, says the rest."""
        return Response(status=204)


@cache
def _shared(endpoint: type[Endpoint]) -> tuple[Any, Any, Any]:
    view = endpoint()
    return view.get_parsers(), view.get_authenticators(), view.get_content_negotiator()


@cache
def _default_headers(endpoint: type[Endpoint]) -> dict[str, str]:
    view = endpoint()
    view.setup(HttpRequest())  # by which it answers HEAD, too
    headers: dict[str, str] = super(Endpoint, view).default_response_headers
    return headers


def json_body(request: Request) -> Any:
    """The parsed body; numbers are Decimals. Raises MalformedBody if it is empty, or what the parser does."""
    if request.stream is None:
        raise MalformedBody("The body is empty; send one JSON object.")
    # Past `request.data`, which looks for forms and files, too. The parser itself refuses what is not JSON.
    (parser,) = request.parsers or ()
    return parser.parse(request.stream, request.content_type, request.parser_context)
