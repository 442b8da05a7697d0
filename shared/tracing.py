"""W3C trace context and the correlation id, carried from cause to effect."""

import re
import secrets
from dataclasses import dataclass
from uuid import UUID

# version 00, 16-byte trace id, 8-byte parent id, flags (W3C Trace Context, section 3.2).
_TRACEPARENT = re.compile(r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")


@dataclass(frozen=True)
class Trace:
    """Where a fact stands: the trace it belongs to and the first event of its story."""

    traceparent: str
    correlation_id: str

    def carried_by(self, event_id: UUID) -> str:
        """The `traceparent` of a fact: the same trace one hop further, a hop named by its fact."""
        version, trace_id, _, flags = self.traceparent.split("-")
        return f"{version}-{trace_id}-{event_id.hex[16:]}-{flags}"


def trace_of(traceparent: str | None, correlation_id: str) -> Trace:
    """Go on with an incoming trace, or begin one when there is none or it is malformed."""
    if traceparent and _TRACEPARENT.match(traceparent):
        return Trace(traceparent, correlation_id)
    return Trace(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01", correlation_id)
