"""The ledger as files that verify themselves. docs/archive.md is their format, for whoever reads them without us."""
