"""The bare views of these benchmarks behind a server of their own, for `benchmarks.over_http`."""

from __future__ import annotations

from benchmarks import cached_read, http_append
from benchmarks.http_calls import bare

urlpatterns = [*cached_read.urlpatterns, *http_append.urlpatterns]

application = bare(__name__)
