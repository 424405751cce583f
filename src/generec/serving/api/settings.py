"""What the operator of a server decides."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from pathlib import Path

from generec.errors import UsageError
from generec.serving.store import DEFAULT

_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Limits and names of one server."""

    tenant: str = DEFAULT
    """Whose catalogue and models the engine holds; keys of other tenants reach their own rows of the store only."""
    hosts: tuple[str, ...] = _HERE
    """Names under which the server may be addressed, without port: others are a sign of DNS rebinding."""
    origins: tuple[str, ...] = ()
    """Pages of other servers that may call this one, as browsers name them: https://shop.example."""
    body: int = 4 * 2**20
    """Bytes of a request."""
    patience: float = 30.0
    """Seconds until nobody waits for a turn, an edit or a creation any more."""
    talks: int = 16
    """Turns under way or waiting; one more is refused."""
    rate: float = 0.0
    """Requests a second that one key may send, and two seconds' worth at once; 0: as many as it likes."""
    tenant_rate: float = 0.0
    """The same for all keys of a tenant together."""
    impressions: bool = True
    """Whether the server writes into the log what it served, also for readers and for people without id."""
    drain: float = 20.0
    """Seconds that requests under way get when the server is stopped."""
    pictures: Path | None = None
    """Folder of pictures named by item id: a3.jpg, or as addresses write odd ids, a%2F3.jpg."""

    def __post_init__(self) -> None:
        if min(self.body, self.talks) < 1 or self.patience <= 0 or self.drain < 0:
            raise UsageError(f"body, talks and patience must be positive, got {self}")
        if not (0 <= self.rate < math.inf and 0 <= self.tenant_rate < math.inf):
            raise UsageError(f"a rate is 0 or more requests a second, got {self.rate} and {self.tenant_rate}")


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
