"""Slows down guessing of passwords: failures are counted in the records, per address and per client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.records import failures
from bot.records.store import Records

PER_ADDRESS, PER_CLIENT = 5, 30  # failures within WINDOW
WINDOW = timedelta(minutes=10)


class Throttle:
    """Failed sign-ins of all web processes together; they outlive a restart."""

    def __init__(self, records: Records, clock: Callable[[], datetime]) -> None:
        self.records, self.clock = records, clock

    def wait(self, address: str, client: str) -> int:
        """Seconds until this address and client may try again, 0 if now."""
        return max(self._wait(_address(address), PER_ADDRESS), self._wait(_client(client), PER_CLIENT))

    def failed(self, address: str, client: str) -> None:
        """Count a failed sign-in."""
        now = self.clock()
        failures.add(self.records, (_address(address), _client(client)), now, now - WINDOW)

    def succeeded(self, address: str, client: str) -> None:
        """Forget the failures of an address, and the client's last one."""
        failures.forget_all(self.records, _address(address))
        failures.forget_last(self.records, _client(client))

    def _wait(self, whose: str, most: int) -> int:
        now = self.clock()
        recent = failures.latest(self.records, whose, now - WINDOW, most)
        if len(recent) < most:
            return 0
        return int((recent[-1] + WINDOW - now).total_seconds()) + 1


def _address(address: str) -> str:
    return f"address {address}"


def _client(client: str) -> str:
    return f"client {client}"
