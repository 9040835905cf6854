"""Slows down guessing of passwords: counts failures in memory, per address and per client."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

PER_ADDRESS, PER_CLIENT = 5, 30  # failures within WINDOW
WINDOW = timedelta(minutes=10)
MOST_KEYS = 10_000


class Throttle:
    """Remembers failed sign-ins; one a process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self._failures: dict[tuple[str, str], deque[datetime]] = {}

    def wait(self, address: str, client: str) -> int:
        """Seconds until this address and client may try again, 0 if now."""
        now = self.clock()
        return max(self._wait(("address", address), PER_ADDRESS, now), self._wait(("client", client), PER_CLIENT, now))

    def failed(self, address: str, client: str) -> None:
        """Count a failed sign-in."""
        now = self.clock()
        for key in (("address", address), ("client", client)):
            self._failures.setdefault(key, deque(maxlen=PER_CLIENT)).append(now)
        if len(self._failures) > MOST_KEYS:
            self._failures = {k: v for k, v in self._failures.items() if v and v[-1] > now - WINDOW}

    def succeeded(self, address: str, client: str) -> None:
        """Forget the failures of an address, and the client's last one."""
        self._failures.pop(("address", address), None)
        counted = self._failures.get(("client", client))
        if counted:
            counted.pop()

    def _wait(self, key: tuple[str, str], most: int, now: datetime) -> int:
        recent = [at for at in self._failures.get(key, ()) if at > now - WINDOW]
        if len(recent) < most:
            return 0
        return int((recent[-most] + WINDOW - now).total_seconds()) + 1
