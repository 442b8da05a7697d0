"""What callcenter reads, and what falls due."""

from shared.poller import Poller
from shared.stream import Handlers

AGENTS: Handlers = {}

POLLERS: tuple[Poller, ...] = ()
