"""The chart of accounts. A row debits one and credits another, so the books balance by shape."""

from enum import StrEnum


class Account(StrEnum):
    CUSTOMER = "customer"
    ISSUANCE = "issuance"
    OPENING = "opening"
    REDEEMED_SERVICE = "redeemed-service"
    REDEEMED_PRODUCT = "redeemed-product"
    REDEEMED_MERCHANT = "redeemed-merchant"
    BREAKAGE = "breakage"


class Kind(StrEnum):
    """What an entry is: it decides which counter of the lot it moves."""

    EARN = "earn"
    OPEN_GRANTED = "open_granted"
    OPEN_SPENT = "open_spent"
    SPEND = "spend"
    REVERSE = "reverse"
    EXPIRE = "expire"
