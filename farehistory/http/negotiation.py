"""Which of the forms that a call offers an answer takes, by the header `Accept` (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http.request import MediaType
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class ByQuality(DefaultContentNegotiation):
    """DRF's own looks at which media range is the most specific, and not at what the client would rather have."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The form of the highest quality; of several, what is named more exactly, then what is offered first.

        A header without a media range is as none. Raises NotAcceptable.
        """
        ranges = [MediaType(text) for text in self.get_accept_list(request) or ["*/*"]]
        ranges.sort(key=lambda each: each.specificity, reverse=True)

        def wanted(renderer: BaseRenderer) -> tuple[float, int]:
            kind = MediaType(renderer.media_type)
            taken = (each for each in ranges if _covers(each, kind))
            return next(((each.quality, each.specificity) for each in taken), (0, 0))

        renderers = list(renderers)
        best = max(renderers, key=wanted)
        if not wanted(best)[0]:
            raise NotAcceptable(available_renderers=renderers)
        return best, str(best.media_type)


def _covers(asked: Any, kind: Any) -> bool:
    """Whether a media range takes this media type, whatever its parameters: no form here has any."""
    return asked.main_type in ("*", kind.main_type) and asked.sub_type in ("*", kind.sub_type)
