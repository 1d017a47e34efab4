"""The feed as a consumer follows it: page after page from a cursor, waiting for what is appended.

`follow` is the one call; `cursor.py` says where a consumer is, `reading.py` how a page comes about, `waiting.py` and
`listener.py` how a reader waits without tying anything up.
"""

from events.following.answering import Answer, Place, Range, Tail, follow
from events.following.cursor import Cursor
from events.following.reading import Wanted

__all__ = ["Answer", "Cursor", "Place", "Range", "Tail", "Wanted", "follow"]
