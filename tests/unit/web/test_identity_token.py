"""An ID token is taken only from our provider, for our client, for this sign-in, and whole."""

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from shared.errors import Unauthorised
from shared.identity import Caller, Role
from shared.web.home.provider import Provider

ISSUER = "https://identity.example"
PROVIDER = Provider(ISSUER, "holdfast", "secret", "https://holdfast.example/login/callback")
KEY = RSAKey.generate_key(2048, parameters={"kid": "one"})
KEYS = KeySet([KEY]).as_dict(private=False)


def claims(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a token may hold.
    whole = {
        "iss": ISSUER,
        "aud": "holdfast",
        "sub": "clerk-990101-1",
        "name": "李敏",
        "roles": ["county_clerk", "gardener"],
        "org": "990101",
        "nonce": "n",
        "exp": int(time.time()) + 300,
    }
    return {name: value for name, value in {**whole, **changed}.items() if value is not None}


def signed(told: dict[str, Any], *, algorithm: str = "RS256", key: Any = KEY) -> str:  # noqa: ANN401 - a key of any kind.
    return jwt.encode({"alg": algorithm, "kid": "one"}, told, key, algorithms=[algorithm])


def test_a_whole_token_names_its_caller_and_an_unknown_role_gives_nothing() -> None:
    caller = PROVIDER.checked(signed(claims()), KEYS, "n")

    assert caller == Caller("clerk-990101-1", "李敏", frozenset({Role.COUNTY_CLERK}), "990101")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"roles": None},
        {"roles": "county_clerk"},
        {"org": "9901012"},
        {"org": None},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_us_signs_nobody_in(changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthorised):
        PROVIDER.checked(signed(claims(**changed)), KEYS, "n")


def test_a_signature_by_another_key_or_by_a_shared_secret_counts_for_nothing() -> None:
    other = RSAKey.generate_key(2048, parameters={"kid": "one"})

    for token in (
        signed(claims(), key=other),
        signed(claims(), algorithm="HS256", key=OctKey.import_key(b"s" * 32)),
        "",
        "a.b.c",
    ):
        with pytest.raises(Unauthorised):
            PROVIDER.checked(token, KEYS, "n")
    with pytest.raises(Unauthorised):
        PROVIDER.checked(signed(claims()), {"keys": "none"}, "n")
