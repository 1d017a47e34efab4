"""Imports and exports as runs: begun in the back office, carried on by Celery in short steps, kept as records.

    models.py          the record of a run
    limits.py          what may be how large, and for how long it is kept
    folder.py          a run's own folder, shared by web and workers;  inbox.py: the folder that paths are named in
    beginning.py       a run is asked for, confirmed, cancelled;  driving.py: it goes on, a step after the other
    importing.py       an import's steps (counts.py, refused.py: what they keep)
    refused_file.py    the refused rows of an import's own file, to be put right
    exporting.py       an export's steps, and the small ones that are sent at once
    export_filter.py   which events, as ranges of positions;  export_lines.py: how they look in a file
    cleaning.py        old files go

Imports write by `events.ledger` alone. What is right after a `kill -9`: see docs/importing.md and docs/exporting.md.
"""
