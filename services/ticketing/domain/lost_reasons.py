"""Why a customer was lost: the trade's four reasons (TK-12); the schema names them zh and en."""

from enum import StrEnum


class LostReason(StrEnum):
    LEFT_AREA = "left_area"
    LEFT_EMPLOYER = "left_employer"
    OTHER_NETWORK = "other_network"
    OTHER = "other"
