"""A telephone number's keyed hash, the only form in which one travels (contracts §4)."""

import hmac
import re
from dataclasses import dataclass, field

KEY_BYTES = 32
HASH_BYTES = 32

_MOBILE_DIGITS = 11
_COUNTRY = "86"
# What people write between digits; anything else makes it no number.
_BETWEEN = str.maketrans("", "", " \u00a0-.()/")
_DIGITS = re.compile(r"[0-9]{3,20}", re.ASCII)
_WITH_COUNTRY = re.compile(r"86(?=1[3-9][0-9]{9}$)")


class NotANumber(ValueError):  # noqa: N818 - it says what the text is; the text is never quoted.
    """The text is no telephone number."""


@dataclass(frozen=True)
class NumberHasher:
    """The secret of one installation; `key_id` stands beside every hash made with it."""

    key: bytes = field(repr=False)
    key_id: str

    def digest(self, number: str) -> bytes:
        """HMAC-SHA-256 of the number's one written form.

        Raises:
            NotANumber: it has no such form.
        """
        return hmac.digest(self.key, canonical(number).encode(), "sha256")

    def hexadecimal(self, number: str) -> str:
        """As `digest`, as `identity.assigned.v1` writes it."""
        return self.digest(number).hex()


def hasher(key: str, key_id: str) -> NumberHasher:
    """The hasher of a key as it is configured.

    Raises:
        ValueError: the key is not 64 hexadecimal digits. It is not quoted.
    """
    try:
        secret = bytes.fromhex(key)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ValueError(f"the identity key is {2 * KEY_BYTES} hexadecimal digits, as by openssl")
    return NumberHasher(secret, key_id)


def canonical(number: str) -> str:
    """Digits as they are dialled at home: without +86, without what stands between them.

    Raises:
        NotANumber: something else than a number.
    """
    if len(number) == _MOBILE_DIGITS and number.isascii() and number.isdigit():
        return number  # nearly all that comes
    bare = number.translate(_BETWEEN)
    if bare.startswith("+"):
        bare = f"00{bare[1:]}"
    if not _DIGITS.fullmatch(bare):
        raise NotANumber("a number has 3 to 20 digits, and + only at its beginning")
    return _WITH_COUNTRY.sub("", bare.removeprefix(f"00{_COUNTRY}"), count=1)
