"""How often somebody may do something: a moving window for each name, in memory.

Written here because the memory storage of ``limits`` 5.8 keeps a name for ever once it was seen
(20,000 of 20,000 after they had run out), goes by the wall clock and starts a thread every few
hits. This one goes by the clock it is given, forgets the names that were idle longest, and is
meant for one event loop.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

_NAMES = 10_000


class Window:
    """At most ``most`` hits of a name, 1 or more, in any ``seconds``."""

    def __init__(self, most: int, clock: Callable[[], float], seconds: float = 60) -> None:
        self._most = most
        self._clock = clock
        self._seconds = seconds
        self._hits: OrderedDict[str, deque[float]] = OrderedDict()

    def hit(self, name: str) -> float:
        """Count a hit and give 0; or count nothing and give the seconds to wait."""
        now = self._clock()
        hits = self._hits.setdefault(name, deque(maxlen=self._most))
        self._hits.move_to_end(name)
        if len(hits) == self._most and hits[0] + self._seconds > now:
            return hits[0] + self._seconds - now
        hits.append(now)
        if len(self._hits) > _NAMES:
            self._hits.popitem(last=False)
        return 0.0

    def give_back(self, name: str) -> None:
        """Take back the last hit of ``name``."""
        hits = self._hits.get(name)
        if hits:
            hits.pop()
