"""What a customer's row is made of: hot (every record), cold (facts, day roll), trail (evidence).

Times are microseconds since 1970, days are days since 1970 in Chinese local time; a change of a
shape raises LAYOUT_VERSION, by which a snapshot of another shape is refused. No row has a gap
between its fields, so that equal rows are equal bytes.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LAYOUT_VERSION = 1

Rows = NDArray[np.void]
"""A structured array; which one, its name says."""
Numbers = NDArray[Any]

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
LOCAL = 8 * HOUR  # Asia/Shanghai; it has no daylight saving

SHARE_DAYS = 7  # whose terminating calls AL-02 weighs
COUNT_DAYS = 14  # whose records AL-28 counts
MONTHS = 12
CONTRACTS = 4  # of a customer, those that end first
TRAIL = 2  # records of a customer kept as evidence

# Bits of `state`.
HAS_BASELINE = 1
FORWARDING = 2  # AL-02 holds since its last edge
SILENT = 4  # AL-28 holds since its last edge
CLOSED = 8  # the customer left; nothing is expected of the number any more

VOICE, SMS, DATA = 0, 1, 2
OUT, IN, FORWARDED = 0, 1, 2
KINDS = ("voice", "sms", "data")
DIRECTIONS = ("out", "in", "forwarded")

HOT = np.dtype(
    [
        ("customer", "i8"),
        ("last_seen", "i8"),
        ("forwarding_at", "i8"),  # when the rule last fired
        ("silence_at", "i8"),
        ("gap_seconds", "i4"),  # mean time between two records, moving
        ("day", "i4"),  # the newest that the two rings know
        ("first_day", "i4"),
        ("terminating", "i4", (SHARE_DAYS,)),  # seconds
        ("forwarded", "i4", (SHARE_DAYS,)),  # seconds
        ("records", "u1", (COUNT_DAYS,)),  # saturating: the rule asks for ten
        ("state", "u2"),
        ("trail", "i4"),  # where the next record goes
    ],
    align=True,
)
COLD = np.dtype(
    [
        ("bills", "i8", (MONTHS,)),  # fen, by month number modulo 12
        ("plunge_at", "i8"),
        ("deactivation_at", "i8"),
        ("profile_sequence", "i8"),
        ("contracts", "i8", (CONTRACTS,)),  # hashes of their identifiers, 0 for none
        ("contract_ends", "i4", (CONTRACTS,)),  # days
        ("contract_told", "u1", (CONTRACTS,)),
        ("bill_month", "i4"),  # the newest: year * 12 + month - 1
        ("bill_count", "i4"),  # how many months without a gap
        ("county", "i4"),
        ("tier", "i8"),
    ],
    align=True,
)
TRACE = np.dtype(
    [
        ("at", "i8"),
        ("message_high", "u8"),
        ("message_low", "u8"),
        ("kilobytes", "i8"),
        ("fen", "i8"),
        ("seconds", "i4"),
        ("row", "i4"),  # in its message; -1: a record of its own
        ("kind", "i4"),
        ("direction", "i4"),
    ],
    align=True,
)
TRAILS = np.dtype([("records", TRACE, (TRAIL,))])

RECORD = np.dtype(
    [
        ("customer", "i8"),
        ("at", "i8"),
        ("message_high", "u8"),
        ("message_low", "u8"),
        ("kilobytes", "i8"),
        ("fen", "i8"),
        ("seconds", "i4"),
        ("row", "i4"),
        ("county", "i4"),
        ("slot", "i4"),
        ("source", "i4"),  # -1: none that is registered
        ("message", "i4"),  # its place in the slice
        ("kind", "i4"),
        ("direction", "i4"),
    ],
    align=True,
)

BILL_PLUNGE, CALL_FORWARDING, DEACTIVATION, CONTRACT_EXPIRY, SILENCE = range(5)
CODES = ("AL-01", "AL-02", "AL-04", "AL-06", "AL-28")

HIT = np.dtype(
    [
        ("customer", "i8"),
        ("slot", "i4"),
        ("rule", "i4"),
        ("version", "i4"),
        ("record", "i4"),  # the record that moved it; -1: time did
        ("at", "i8"),
        ("value", "i8"),
        ("baseline", "i8"),
        ("threshold", "i8"),
        ("window_from", "i8"),
        ("window_to", "i8"),
        ("suppressed", "u1"),  # the rule fired for this customer less than a cool-down ago
        ("trail", "u1"),  # which of the records below is the oldest
        ("records", TRACE, (TRAIL,)),
    ],
    align=True,
)

# A rule's version 0 means that it is not live.
PARAMETERS = np.dtype(
    [
        ("version", "i8", (len(CODES),)),
        ("cool_down", "i8", (len(CODES),)),
        ("warm_up_days", "i8"),
        ("plunge_percent", "i8"),
        ("plunge_mean_fen_min", "i8"),
        ("forwarded_percent", "i8"),
        ("forwarded_seconds_min", "i8"),
        ("expiry_days", "i8"),
        ("silence_seconds_min", "i8"),
        ("silence_gaps", "i8"),
        ("silence_records_min", "i8"),
    ],
    align=True,
)

PROGRESS = np.dtype(
    [
        ("watermark", "i8"),  # -1: no source is registered, or one has told nothing yet
        ("scanned", "i8"),  # the hour number of the last scan
        ("rolled", "i8"),  # the day number of the last day roll
        ("late", "i8"),
        ("lateness", "i8"),
        ("late_max", "i8"),
    ],
    align=True,
)
