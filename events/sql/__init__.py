"""The SQL of the write side. `ddl/` makes its tables and functions; each file there is named by a migration."""

from pathlib import Path

from events.sql_files import SqlFiles

_files = SqlFiles(Path(__file__).parent)
statement = _files.statement
ddl = _files.ddl
