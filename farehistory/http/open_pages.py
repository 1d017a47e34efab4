"""What lies below /api/ and needs no key: the OpenAPI document, the page to try it on, the pages of error codes."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from events.api.endpoint import Endpoint
from events.api.parameters import one_of, read_parameters
from events.field_codes import FIELD_CODES
from farehistory.http.contract import openapi_text
from farehistory.http.problem_codes import PROBLEMS
from farehistory.http.problem_examples import example_of
from farehistory.http.problems import TYPE_PREFIX
from farehistory.http.renderers import JSONRenderer


class OpenPage(Endpoint):
    """A page that anybody may read."""

    authentication_classes = []
    permission_classes = []
    schema = None

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """204; a page's renderer would make a body of nothing, and a 204 has none."""
        return HttpResponse(status=204)


class Document(OpenPage):
    """schema: the OpenAPI document, as YAML or JSON by `format` or `Accept`."""

    renderer_classes = [
        OpenApiYamlRenderer2,
        OpenApiYamlRenderer,
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
    ]

    def get(self, request: Request) -> HttpResponse:
        form = read_parameters(request, {"format": one_of("yaml", "json")}).get("format")
        if form is None:
            renderer = request.accepted_renderer
            return HttpResponse(openapi_text(renderer.format), content_type=renderer.media_type)
        return HttpResponse(openapi_text(form), content_type=f"application/{form}")


class TryIt(OpenPage, SpectacularSwaggerSplitView):
    """docs: a page to read the document on and to try its calls."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        read_parameters(request, {"script": str})
        answer: Response = super().get(request, *args, **kwargs)
        return answer


class ProblemPages(OpenPage):
    """problems: every error code, in JSON or for people."""

    renderer_classes = [JSONRenderer, TemplateHTMLRenderer]

    def get(self, request: Request) -> Response:
        read_parameters(request, {})
        codes = [_code_as_json(code) for code in PROBLEMS]
        if request.accepted_renderer.format == "html":
            fields = [{"code": code, "meaning": meaning} for code, meaning in FIELD_CODES.items()]
            return Response({"codes": codes, "fields": fields}, template_name="problems/list.html")
        return Response({"results": codes, "next": None})


class ProblemPage(OpenPage):
    """problems/{code}: what an error code means and what to do about it, where a problem's `type` leads."""

    renderer_classes = [JSONRenderer, TemplateHTMLRenderer]

    def get(self, request: Request, code: str) -> Response:
        read_parameters(request, {})
        if code not in PROBLEMS:
            raise Http404("There is no such error code.")
        answer = _code_as_json(code)
        if request.accepted_renderer.format == "html":
            answer["example"] = json.dumps(answer["example"], indent=2, ensure_ascii=False)
            answer |= {name: _marked_up(answer[name]) for name in ("when", "advice", "retry_in_words")}
        return Response(answer, template_name="problems/page.html")


def _marked_up(text: str) -> SafeString:
    """What stands in backticks as code, in HTML."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if n % 2 else part,) for n, part in parts)
    )


def _code_as_json(code: str) -> dict[str, Any]:
    problem = PROBLEMS[code]
    return {
        "type": TYPE_PREFIX + code,
        "code": code,
        "status": problem.status,
        "other_statuses": list(problem.other_statuses),
        "title": problem.title,
        "when": problem.when,
        "advice": problem.advice,
        "retry": problem.retry.value,
        "retry_in_words": problem.retry.in_words,
        "example": example_of(code),
    }
