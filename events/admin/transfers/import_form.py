"""What a person asks for when importing a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.importing import mapping
from events.importing.readers import Form
from events.importing.rows import ImportFailed
from events.models import Transfer
from events.new_event import SOURCE
from events.transfers import beginning, folder, inbox, limits
from events.transfers.importing import too_large

_KEPT_SECONDS: Final = 20 * 3600
"""For how long a form with errors may lie; its file is there for a day."""

KINDS: Final = [
    (
        Form.JSONL.value,
        gettext_lazy("Fare events as JSON Lines"),
        gettext_lazy("One event a line, as the API takes it."),
    ),
    (Form.CSV.value, gettext_lazy("Fare events as CSV"), gettext_lazy("The same, one event a row.")),
    (
        Form.TLC.value,
        gettext_lazy("Trip records"),
        gettext_lazy("Files of the New York taxi commission: yellow, green, high-volume."),
    ),
    (
        Form.MAPPED.value,
        gettext_lazy("Another operator’s CSV"),
        gettext_lazy("One row a fare; a mapping says what the columns mean."),
    ),
]


class ImportForm(forms.Form):
    """A file, uploaded or named, and how it is read."""

    file = forms.FileField(
        required=False, allow_empty_file=True, widget=forms.FileInput(attrs={"class": "fh-input fh-file"})
    )
    path = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.TextInput(
            attrs={"class": "fh-input", "list": "fh-inbox", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)
    form = forms.ChoiceField(
        choices=[(value, words) for value, words, _what in KINDS],
        error_messages={"required": gettext_lazy("Say what kind of file it is.")},
    )
    mapping_file = forms.FileField(
        required=False, widget=forms.FileInput(attrs={"class": "fh-input fh-file"})
    )
    mapping = forms.CharField(
        required=False,
        max_length=limits.LARGEST_MAPPING,
        strip=False,
        widget=forms.Textarea(attrs={"class": "fh-input fh-mapping", "rows": "8", "spellcheck": "false"}),
    )
    source = forms.RegexField(
        rf"\A(?:{SOURCE.pattern})\Z",
        required=False,
        max_length=48,
        error_messages={"invalid": gettext_lazy("1 to 48 of a-z 0-9 -, beginning with a letter.")},
        widget=forms.TextInput(
            attrs={"class": "fh-input", "autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )

    upload: beginning.Upload | None = None
    """What came now, or came before and is kept."""
    not_taken: str = ""
    """Why what came now was not."""

    @classmethod
    def of(cls, request: HttpRequest) -> ImportForm:
        """Empty, or as it was sent. What was uploaded is put aside at once, so that no error loses it."""
        if request.method != "POST":
            return cls(initial={"path": request.GET.get("path", ""), "form": request.GET.get("form", "")})
        data = request.POST.copy()
        data["mapping"] = _mapping_text(request) or data.get("mapping", "")
        form = cls(data, request.FILES)
        form.upload = form._uploaded(request)
        data["kept"] = form._kept_by(request)
        return form

    @property
    def kinds(self) -> list[tuple[str, Any, Any, bool]]:
        """Value, name, what it is, and whether it is chosen, of each kind of file."""
        chosen = self["form"].value()
        return [(value, words, what, value == chosen) for value, words, what in KINDS]

    @property
    def listed(self) -> list[inbox.Listed]:
        """Files to choose from; none where no folder is configured."""
        return inbox.listed() if inbox.is_on() else []

    @property
    def has_inbox(self) -> bool:
        return inbox.is_on()

    @property
    def most_listed(self) -> int:
        return inbox.MOST_LISTED

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.upload is not None and data.get("path"):
            self.add_error("path", _("Choose one: a file is uploaded, so leave this empty."))
        elif self.not_taken:
            self.add_error("file", self.not_taken)
        elif self.upload is None and not data.get("path") and "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        if data.get("form") == Form.MAPPED:
            self._check_mapping(data.get("mapping", ""))
        return data

    def begun(self, request: HttpRequest) -> Transfer | None:
        """The dry run that was asked for; None where it cannot be, and why is said at the form."""
        if not self.is_valid():
            return None
        data = self.cleaned_data
        is_mapped = data["form"] == Form.MAPPED
        asked = beginning.ImportAsked(
            form=Form(data["form"]), source=data["source"], mapping=data["mapping"] if is_mapped else ""
        )
        try:
            return beginning.begin_import(asked, self.upload or data["path"], request)
        except inbox.NotThere as error:
            self.add_error("path", str(error))
        except beginning.NotNow as error:
            self.add_error("file", str(error))
        except (folder.FilesAway, OSError) as error:
            self.add_error(None, _("The file cannot be kept here: %(why)s.") % {"why": error})
        return None

    def _check_mapping(self, text: str) -> None:
        if not text.strip():
            self.add_error("mapping", _("Such a file needs a mapping."))
            return
        try:
            mapping.parsed(text, _("This"))
        except ImportFailed as error:
            self.add_error("mapping", str(error))

    def _uploaded(self, request: HttpRequest) -> beginning.Upload | None:
        sent = request.FILES.get("file")
        if sent is None:
            return _kept(request)
        try:
            if (sent.size or 0) > limits.largest_upload():
                raise ImportFailed(too_large(limits.largest_upload()))
            return beginning.take_upload(sent.name or "", sent.file)  # type: ignore[arg-type]
        except ImportFailed as error:
            self.not_taken = str(error)
        except (folder.FilesAway, OSError) as error:
            self.not_taken = _("The file cannot be kept here: %(why)s.") % {"why": error}
        return None

    def _kept_by(self, request: HttpRequest) -> str:
        """A note of the upload that only this person can send again."""
        if self.upload is None:
            return ""
        return signing.dumps({**asdict(self.upload), "run_id": str(self.upload.run_id)}, salt=_salt(request))


def _kept(request: HttpRequest) -> beginning.Upload | None:
    """The upload that an earlier try of the form left; None if it has none, or none that is still there."""
    try:
        known = signing.loads(request.POST.get("kept", ""), salt=_salt(request), max_age=_KEPT_SECONDS)
    except signing.BadSignature:
        return None
    upload = beginning.Upload(**{**known, "run_id": UUID(known["run_id"])})
    is_there = folder.is_on() and (folder.folder_of(upload.run_id) / folder.IMPORTED).exists()
    return upload if is_there else None


def _salt(request: HttpRequest) -> str:
    return f"file of an import of {request.user.pk}"


def _mapping_text(request: HttpRequest) -> str:
    """Of a mapping file that was sent: it goes into the text field, where it stays."""
    sent = request.FILES.get("mapping_file")
    if sent is None:
        return ""
    text: str = sent.read(limits.LARGEST_MAPPING + 1).decode("utf-8", "replace")
    return text
