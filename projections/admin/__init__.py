"""The back office's pages on the read side."""

from projections.admin.fares import FareAdmin

__all__ = ["FareAdmin"]
