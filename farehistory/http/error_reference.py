"""The page docs/errors.md, made from the table of codes and the list of field codes."""

from __future__ import annotations

import json
from typing import Final

from events.field_codes import FIELD_CODES
from farehistory.http.problem_codes import PROBLEMS, Problem
from farehistory.http.problem_examples import example_of
from farehistory.http.problems import MAX_ERRORS

_HEAD: Final = f"""\
# Errors

Made by `make contract` from the table in `farehistory/http/problem_codes.py`: change it there. Every running server
shows the same at `/api/problems`.

Every error below `/api/` is `application/problem+json` (RFC 9457):

| member | |
|---|---|
| `code` | stable: **decide by this**, and where you do not know a code, by its status |
| `status`, `title` | of the code: the HTTP status, and what it means in short |
| `type` | the address of the code's page on the server that answered, `/api/problems/<code>` |
| `detail` | what was wrong this time, for people; its words may change |
| `instance` | the path that was asked |
| `request_id` | the id of the answer's `X-Request-ID`; it is in our log, so name it when you report something |
| `errors` | each broken rule, at most {MAX_ERRORS}: `pointer`, `code`, `detail`; empty where no field is to blame |
| `current` | of `version_conflict` and `fare_moved`: version, fare and currency now; 0, null and null if unknown |

`pointer` is a JSON pointer (RFC 6901) into the body, such as `/metadata/stops/0`, `""` for the body as a whole, or
`/name` of a query parameter; of an append `/booking_id` is the one in the address.

Three kinds of answers have no such body: a 304, those of a proxy in front of the service, and those of the HTTP server
itself to what is no HTTP/1.1 or beyond its limits (400, 414 for an address beyond 64 KiB, 431 for hundreds of headers
or hundreds of KiB of them).
"""

_FIELDS: Final = """\
## Field codes

`errors[].code` is one of these. New ones may come, as new `code`s may: treat one that you do not know as "this field is
not valid".

| code | |
|---|---|
"""


def error_reference() -> str:
    """The page as Markdown."""
    sections = "\n".join(_section(code, problem) for code, problem in PROBLEMS.items())
    fields = "".join(f"| `{code}` | {meaning} |\n" for code, meaning in FIELD_CODES.items())
    return f"{_HEAD}\n{_table()}\n{_FIELDS}{fields}\n## Codes\n\n{sections}"


def _table() -> str:
    lines = (
        f"| [`{code}`](#{code}) | {_statuses(problem)} | {problem.title} | {problem.retry} |\n"
        for code, problem in PROBLEMS.items()
    )
    return f"| code | status | | send again |\n|---|---|---|---|\n{''.join(lines)}"


def _section(code: str, problem: Problem) -> str:
    example = json.dumps(example_of(code), ensure_ascii=False, indent=1)
    return f"""\
### {code}

{_statuses(problem)}: {problem.title}.

- **When:** {problem.when}
- **What to do:** {problem.advice}
- **Send again:** {problem.retry.in_words}{_wait(problem)}

```json
{example}
```
"""


def _statuses(problem: Problem) -> str:
    return ", ".join(str(status) for status in problem.statuses)


def _wait(problem: Problem) -> str:
    return " `Retry-After` has the seconds to wait." if problem.retry_after is not None else ""
