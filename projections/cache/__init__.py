"""Current fares in Redis, as the documents that the API answers with.

Eventual reads are served from here. What is here never goes back: a version that an eventual read gave is not
followed by an older one, whatever is killed, flushed or rebuilt. Nothing depends on it: without Redis, fares are
read from the view. docs/adr/0008-versioned-cache.md tells the protocol and why it holds.
"""

from projections.cache.counting import counters, hit_rate
from projections.cache.following import follow, publish_generation
from projections.cache.reading import Document, read
from projections.cache.stamps import Era

__all__ = ["Document", "Era", "counters", "follow", "hit_rate", "publish_generation", "read"]
