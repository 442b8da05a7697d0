"""What may go wrong on purpose. Everything else is a bug.

* RecordFault            this record is bad: it becomes a dead letter, its neighbours go on
* Refusal                an expected answer of the HTTP doorway, rendered as problem+json
  * Unauthorised   401   no or no valid token
  * Forbidden      403   a valid token without the role
  * NotFound       404   nothing there, or nothing that this caller may know of
  * Conflict       409   the state does not allow it (not enough points, already reversed)
  * PreconditionFailed 412, PreconditionRequired 428   If-Match is stale or missing
  * TooLarge       413   beyond a limit that the message names
  * Malformed      422   the request cannot be read
  * Unavailable    503   the database is away; Retry-After says when to come again
"""

from collections.abc import Mapping
from typing import ClassVar


class RecordFault(Exception):  # noqa: N818 - the record's fault, not an error of ours.
    """A record that cannot be handled, now or ever, as it is.

    `reason` is a stable slug (a metric label); `detail` says more to the operator who reads it.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Refusal(Exception):  # noqa: N818 - an answer, not an error.
    """An expected refusal: status, stable slug, a title, and what this caller should know."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(
        self,
        detail: str = "",
        *,
        members: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.members = dict(members or {})
        self.headers = dict(headers or {})


class Unauthorised(Refusal):
    status = 401
    slug = "unauthorised"
    title = "A valid token is needed"


class Forbidden(Refusal):
    status = 403
    slug = "forbidden"
    title = "Your role does not allow this"


class NotFound(Refusal):
    status = 404
    slug = "not-found"
    title = "There is nothing here that you may see"


class Conflict(Refusal):
    status = 409
    slug = "conflict"
    title = "The present state does not allow this"


class PreconditionFailed(Refusal):
    status = 412
    slug = "precondition-failed"
    title = "Somebody changed it meanwhile; read it again"


class PreconditionRequired(Refusal):
    status = 428
    slug = "precondition-required"
    title = "Send If-Match with the ETag you read"


class TooLarge(Refusal):
    status = 413
    slug = "too-large"
    title = "The request is larger than the limit"


class Malformed(Refusal):
    status = 422
    slug = "malformed"
    title = "The request cannot be read"


class Unavailable(Refusal):
    status = 503
    slug = "unavailable"
    title = "A part we need is away; try again"
