"""The one router of ticketing; acts.py and reading.py put their operations on it."""

from shared.web.operations import operations

router = operations()
