"""What becomes of an order in people's hands: by its number, so that a few orders see it all."""

from holdfast.simulation.gateway import Json

LOST_OF_TEN = 1
LATE_OF_TWENTY = 3  # one in twenty, and one of the first: it must be late before the story ends
SENT_BACK_OF_TWENTY = 5
RETURNED_OF_THIRTY = 7


def number_of(order: Json) -> int:
    """The running number behind the date."""
    return int(order["number"].rpartition("-")[2])


def is_lost(order: Json) -> bool:
    return number_of(order) % 10 == LOST_OF_TEN


def is_late(order: Json) -> bool:
    return number_of(order) % 20 == LATE_OF_TWENTY


def is_sent_back(order: Json) -> bool:
    return number_of(order) % 20 == SENT_BACK_OF_TWENTY


def is_returned(order: Json) -> bool:
    return number_of(order) % 30 == RETURNED_OF_THIRTY
