"""URLs below /api/ that belong to no app: the OpenAPI document, its page, the pages of error codes.

Included last: whatever else lies below /api/ is answered as a problem, also where DEBUG would show a page.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from farehistory.http.handlers import no_such_address
from farehistory.http.problems import PROBLEMS, TYPE_PREFIX


def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """What an error code means and what to do about it: where a problem's `type` leads."""
    problem = PROBLEMS.get(code)
    if problem is None:
        return no_such_address(request)
    return JsonResponse(
        {
            "type": TYPE_PREFIX + code,
            "code": code,
            "status": problem.status,
            "title": problem.title,
            "advice": problem.advice,
            "retry": problem.retry_after is not None,
        }
    )


urlpatterns = [
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("problems/<slug:code>", csrf_exempt(problem_page), name="problem"),
    re_path(r"", csrf_exempt(no_such_address)),
]
