"""Bringing in fares from files: read rows → plan their events → append in batches → account for every row.

    files.py      opens what the user names (plain or gzip, `-`), and says clearly what cannot be read
    amounts.py    a file's number → exact money;  times.py: a file's local time → an instant
    rows.py       what passes between the steps: FareRow, PlannedRow, RefusedRow
    planning.py   a row with one booking's whole fare → its events, with ids that a second run makes again
    tlc.py (layouts.py), mapped.py (mapping.py), own_format.py     one reader per kind of file
    importer.py (known.py)        batches through `events.ledger.append_many`, one outcome per row
    tally.py, account.py, report.py, summary.py, progress.py   counts and sums, and how they show

What the decisions are and why stands in docs/importing.md.
"""
