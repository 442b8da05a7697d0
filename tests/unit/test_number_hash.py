"""A number has one hash however it is written; neither key nor number shows in what is printed."""

import hashlib
import hmac

import pytest

from shared.number_hash import NotANumber, canonical, hasher

KEY = "0f" * 32
HASHER = hasher(KEY, "test-1")


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+8613800138000",
        "+86 138 0013 8000",
        "008613800138000",
        "8613800138000",
    ],
)
def test_a_number_has_one_form_however_it_is_written(written: str) -> None:
    assert canonical(written) == "13800138000"


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("010-12345678", "01012345678"),
        ("(0571) 8765 4321", "057187654321"),
        ("10086", "10086"),
        ("+44 20 7946 0000", "00442079460000"),
        ("8610", "8610"),
    ],
)
def test_other_numbers_keep_what_is_dialled(written: str, form: str) -> None:
    assert canonical(written) == form


@pytest.mark.parametrize(
    "text",
    ["", "12", "1" * 21, "abc", "138+00138000", "１３８００１３８０００", "138\n00138000", "+"],
)
def test_what_is_no_number_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(NotANumber) as refused:
        canonical(text)

    assert len(text) < 5 or text not in str(refused.value)


def test_the_hash_is_hmac_sha_256_under_the_key() -> None:
    expected = hmac.new(bytes.fromhex(KEY), b"13800138000", hashlib.sha256)

    assert HASHER.digest("+86 138 0013 8000") == expected.digest()
    assert HASHER.hexadecimal("13800138000") == expected.hexdigest()


def test_another_key_gives_another_hash() -> None:
    other = hasher("1f" * 32, "test-2")

    assert other.digest("13800138000") != HASHER.digest("13800138000")


@pytest.mark.parametrize("key", ["", "0f" * 31, "zz" * 32, "0f" * 33])
def test_a_key_is_32_bytes_and_is_never_quoted(key: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits") as refused:
        hasher(key, "test-1")

    assert not key or key not in str(refused.value)


def test_the_key_shows_in_no_repr() -> None:
    assert KEY not in repr(HASHER)
    assert repr(bytes.fromhex(KEY)) not in repr(HASHER)
