"""Imports and exports in the admin. The work itself is Celery's; only a small export is made in the request."""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerAway

from events import audit, feed, tasks
from events.admin.pages import OwnPages
from events.admin.transfers import urls
from events.admin.transfers.export_form import ExportForm
from events.admin.transfers.import_form import ImportForm
from events.admin.transfers.list_page import ListPage
from events.admin.transfers.run_line import RunLine
from events.importing.rows import ImportFailed
from events.models import Transfer
from events.transfers import beginning, exporting, folder, inbox, limits, refused, refused_file
from events.transfers.export_lines import ExportForm as Form

logger = logging.getLogger(__name__)


@admin.register(Transfer)
class TransferAdmin(OwnPages):
    """The list of runs, a page per run, the forms that begin one, and what can be downloaded."""

    def get_urls(self) -> list[URLPattern]:
        """Only the pages that exist."""
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=urls.CHANGELIST),
            path("import/", view(self.import_view), name=urls.IMPORT),
            path("export/", view(self.export_view), name=urls.EXPORT),
            path("<uuid:run_id>/", view(self.run_view), name=urls.CHANGE),
            path("<uuid:run_id>/confirm/", view(self.confirm_view), name=urls.CONFIRM),
            path("<uuid:run_id>/cancel/", view(self.cancel_view), name=urls.CANCEL),
            path("<uuid:run_id>/download/", view(self.download_view), name=urls.DOWNLOAD),
            path("<uuid:run_id>/refused/", view(self.refused_view), name=urls.REFUSED),
            path("<uuid:run_id>/rows.<str:form>", view(self.rows_view), name=urls.ROWS),
        ]

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All runs, the latest first. `kind`: import or export; `page` counts from 1."""
        self.require(request, urls.MAY_VIEW)
        page = ListPage.of(request.GET)
        return self.page(request, "transfers/list.html", _("Imports and exports"), page=page)

    @method_decorator(require_safe)
    def run_view(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """One run. `live`: only the part that changes."""
        self.require(request, urls.MAY_VIEW)
        run = RunLine(_run(run_id), request.user)
        template = "transfers/run_live.html" if "live" in request.GET else "transfers/run.html"
        return self.page(request, template, run.title, run=run)

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """The form that begins an import's dry run. A file that came with errors beside it is kept for the next try."""
        self.require(request, urls.MAY_IMPORT)
        inbox.ensure()
        form = ImportForm.of(request)
        run = form.begun(request) if request.method == "POST" else None
        if run is not None:
            return self._on_its_way(request, run)
        return self.page(
            request,
            "transfers/import.html",
            _("Import a file"),
            form=form,
            can_upload=folder.is_on(),
            most_megabytes=limits.largest_upload() // limits.MEGABYTE,
        )

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The form that begins an export; its fields can be filled in by the address. A small one is sent at once."""
        self.require(request, urls.MAY_EXPORT)
        form = ExportForm.of(request)
        run = form.begun(request) if request.method == "POST" else None
        if run is not None and run.has_ended:
            return _attachment(StreamingHttpResponse(exporting.streamed(run)), run.file_name, _form_of(run))
        if run is not None:
            return self._on_its_way(request, run)
        return self.page(
            request,
            "transfers/export.html",
            _("Export events"),
            form=form,
            at_once=f"{limits.DIRECT_EVENTS:,}",
            in_ledger=f"{sum(feed.heads().values()):,}",
            kept_days=limits.files_kept().days,
        )

    @method_decorator(require_POST)
    def confirm_view(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Lets an import begin after its dry run."""
        self.require(request, urls.MAY_IMPORT)
        run = _run(run_id)
        try:
            beginning.confirm(run, request)
        except beginning.NotNow as error:
            messages.info(request, str(error))
            return _to(run)
        return self._on_its_way(request, _run(run_id))

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, run_id: UUID) -> HttpResponse:
        """Ends a run. What an import has written stays in the ledger."""
        run = _run(run_id)
        self.require(request, urls.MAY_IMPORT if run.kind == Transfer.Kind.IMPORT else urls.MAY_EXPORT)
        try:
            beginning.cancel(run, request)
        except beginning.NotNow as error:
            messages.info(request, str(error))
            return _to(run)
        return self._on_its_way(request, _run(run_id))

    @method_decorator(require_safe)
    def download_view(self, request: HttpRequest, run_id: UUID) -> HttpResponseBase:
        """The file of an export. Noted before it is handed out."""
        run = _run(run_id)
        self.require(request, urls.MAY_EXPORT)
        if run.asked.get("with_metadata"):
            self.require(request, urls.MAY_EXPORT_METADATA)
        if not RunLine(run, request.user).has_export:
            return self._without_file(request, run, _("This run has no file to download."))
        try:
            file = (folder.folder_of(run.pk) / folder.EXPORTED).open("rb")
        except (OSError, folder.FilesAway):
            return self._without_file(request, run, _("The file is not there any more."))
        _note_download(request, run, run.rows, file=run.file_name)
        return _attachment(FileResponse(file), run.file_name, _form_of(run))

    @method_decorator(require_safe)
    def rows_view(self, request: HttpRequest, run_id: UUID, form: str) -> HttpResponseBase:
        """The rows of an import that are not plainly in, as CSV or JSON Lines. `check`: those of its dry run."""
        self.require(request, urls.MAY_VIEW)
        run = RunLine(_run(run_id), request.user)
        is_check = "check" in request.GET
        listed = run.check_row_list if is_check else run.row_list
        if form not in list(Form) or not listed:
            raise Http404(_("There is no such list."))
        path = folder.folder_of(run.id) / (refused.OF_CHECK if is_check else refused.OF_IMPORT)
        if not path.exists():
            raise Http404(_("The list is not there any more."))
        what = "dry-run" if is_check else "import"
        name = f"{run.file_name}-{what}-rows.{form}"
        _note_download(request, run.run, None, list=what)
        write = refused.as_csv if form == Form.CSV else refused.as_jsonl
        return _attachment(StreamingHttpResponse(write(path, listed)), name, Form(form))

    @method_decorator(require_safe)
    def refused_view(self, request: HttpRequest, run_id: UUID) -> HttpResponseBase:
        """The refused rows of an import's own file, with the reasons, to be put right and imported again."""
        run = _run(run_id)
        self.require(request, urls.MAY_IMPORT)
        if not RunLine(run, request.user).has_refused_file:
            raise Http404(_("There is no such list."))
        try:
            rows = refused_file.written(run)
        except (OSError, folder.FilesAway, ImportFailed) as error:
            raise Http404(_("The file is not there any more.")) from error
        _note_download(request, run, None, list="refused rows")
        form = Form.JSONL if run.asked["form"] == Form.JSONL else Form.CSV
        name = f"{Path(run.file_name).stem.removesuffix('.csv').removesuffix('.jsonl')}-refused.{form}"
        return _attachment(StreamingHttpResponse(rows), name, form)

    def _without_file(self, request: HttpRequest, run: Transfer, why: str) -> HttpResponse:
        """Not found; and the page of the run, which says what became of its file."""
        self.require(request, urls.MAY_VIEW)
        messages.warning(request, why)
        line = RunLine(run, request.user)
        return self.page(request, "transfers/run.html", line.title, HTTPStatus.NOT_FOUND, run=line)

    def _on_its_way(self, request: HttpRequest, run: Transfer) -> HttpResponse:
        """Hands a run that goes on by itself to the workers; to its page."""
        if run.is_driven:
            try:
                tasks.hand_over(run, retry=False)
            except (BrokerAway, OSError) as error:
                # The run is noted: the sweep finds it as soon as tasks get through again.
                logger.warning("no word could be left for run %s: %s", run.pk, error)
                said = _("This is noted, but the workers cannot be reached now. It goes on once they can.")
                messages.warning(request, said)
        return _to(run)


def _run(run_id: UUID) -> Transfer:
    run = Transfer.objects.filter(pk=run_id).first()
    if run is None:
        raise Http404(_("There is no such run."))
    return run


def _to(run: Transfer) -> HttpResponse:
    return redirect(reverse(f"admin:{urls.CHANGE}", args=[run.pk]))


def _form_of(run: Transfer) -> Form:
    return Form(run.asked["form"])


def _note_download(request: HttpRequest, run: Transfer, rows: int | None, **details: Any) -> None:
    booking_id = run.asked.get("filters", {}).get("booking_id")
    known = {**run.details, **details, "run": str(run.pk), "step": "downloaded"}
    if rows is not None:
        known["rows"] = rows
    audit.record("exported", user=request.user, request=request, booking_id=booking_id, **known)


def _attachment(answer: HttpResponseBase, name: str, form: Form) -> HttpResponseBase:
    """Saved, never shown: what is in it was written by others."""
    plain = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in name
    )
    answer["Content-Type"] = form.content_type
    answer["Content-Disposition"] = f'attachment; filename="{plain}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
