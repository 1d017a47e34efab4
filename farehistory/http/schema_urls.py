"""URLs below /api/ that belong to no app: the OpenAPI document, its page, the pages of error codes.

Included last: whatever else lies below /api/ is answered as a problem, also where DEBUG would show a page.
"""

from __future__ import annotations

from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from farehistory.http.handlers import NOWHERE, no_such_address
from farehistory.http.open_pages import Document, ProblemPage, ProblemPages, TryIt

urlpatterns = [
    path("schema", Document.as_view(), name="schema"),
    path("docs", TryIt.as_view(url_name="schema"), name="api-docs"),
    path("problems", ProblemPages.as_view(), name="problems"),
    path("problems/<slug:code>", ProblemPage.as_view(), name="problem"),
    re_path(r"", csrf_exempt(no_such_address), name=NOWHERE),
]
