"""alerts over HTTP."""

from shared.web.operations import operations

router = operations()
