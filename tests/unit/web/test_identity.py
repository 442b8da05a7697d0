"""Tokens: what is accepted, and the list of RFC 8725 that is not."""

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey, RSAKey
from tokens_by_hand import NOW, a_verifier, an_issuer, claims, encoded, signed

from holdfast.tokens import Issuer, mint
from shared.errors import Unauthorised
from shared.identity import LEEWAY_SECONDS, Caller, Role, TokenVerifier


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return an_issuer(tmp_path)


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return a_verifier(issuer)


def test_a_minted_token_names_its_caller(issuer: Issuer, verifier: TokenVerifier) -> None:
    caller = Caller("wang", "王", frozenset({Role.POINTS_OPERATOR}), "990101")
    assert verifier.verify(mint(issuer, caller, now=NOW)) == caller


def test_roles_of_other_software_give_no_rights(issuer: Issuer, verifier: TokenVerifier) -> None:
    token = signed(issuer, claims(roles=["points_operator", "wizard"]))
    assert verifier.verify(token).roles == {Role.POINTS_OPERATOR}


@pytest.mark.parametrize(
    "different",
    [
        {"iss": "urn:somebody:else"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"exp": NOW - LEEWAY_SECONDS},
        {"exp": None},
        {"exp": float("nan")},
        {"exp": "tomorrow"},
        {"nbf": NOW + LEEWAY_SECONDS + 1},
        {"iat": NOW + LEEWAY_SECONDS + 1},
        {"sub": None},
        {"sub": ""},
        {"name": None},
        {"roles": None},
        {"roles": "points_operator"},
        {"roles": [7]},
        {"org": None},
        {"org": "99010"},
        {"org": "99%"},
        {"org": ""},
        {"org": "99\n"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(
    issuer: Issuer, verifier: TokenVerifier, different: dict[str, Any]
) -> None:
    with pytest.raises(Unauthorised):
        verifier.verify(signed(issuer, claims(**different)))


def test_a_few_seconds_of_clock_difference_are_forgiven(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    verifier.verify(signed(issuer, claims(exp=NOW - LEEWAY_SECONDS + 1, iat=NOW + LEEWAY_SECONDS)))


def test_a_token_without_signature_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    for algorithm in ("none", "None", "NONE"):
        unsigned = f"{encoded({'alg': algorithm, 'kid': issuer.kid})}.{encoded(claims())}."
        with pytest.raises(Unauthorised):
            verifier.verify(unsigned)


def test_the_public_key_is_no_shared_secret(issuer: Issuer, verifier: TokenVerifier) -> None:
    """The HS/EdDSA swap: the attacker signs with HMAC over what everybody can read."""
    secrets = [
        issuer.jwks.read_bytes(),
        issuer.key.as_pem(private=False),
        json.loads(issuer.jwks.read_bytes())["keys"][0]["x"].encode(),
    ]
    head = f"{encoded({'alg': 'HS256', 'kid': issuer.kid})}.{encoded(claims())}"
    for secret in secrets:
        mac = hmac.new(secret, head.encode(), hashlib.sha256).digest()
        swapped = f"{head}.{OctKey.import_key(mac).as_dict()['k']}"
        with pytest.raises(Unauthorised):
            verifier.verify(swapped)


def test_another_algorithm_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    rsa = RSAKey.generate_key(2048)
    header = {"alg": "RS256", "kid": issuer.kid}
    with pytest.raises(Unauthorised):
        verifier.verify(jws.serialize_compact(header, json.dumps(claims()), rsa))


@pytest.mark.parametrize("kid", [None, "", "other", "../jwks.json", "' OR 1=1 --", 7])
def test_a_key_is_found_by_its_exact_id_alone(
    issuer: Issuer, verifier: TokenVerifier, kid: object
) -> None:
    head = {"alg": "EdDSA", "kid": kid} if kid is not None else {"alg": "EdDSA"}
    valid = signed(issuer, claims())
    with pytest.raises(Unauthorised):
        verifier.verify(f"{encoded(head)}.{valid.split('.', 1)[1]}")


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "crit"])
def test_a_token_that_brings_its_own_key_is_refused(
    issuer: Issuer, verifier: TokenVerifier, member: str
) -> None:
    own = OKPKey.generate_key("Ed25519")
    brought: dict[str, Callable[[], object]] = {
        "jku": lambda: "https://attacker.example/jwks.json",
        "x5u": lambda: "https://attacker.example/key.pem",
        "jwk": lambda: own.as_dict(private=False),
        "crit": lambda: ["exp"],
    }
    head = f"{encoded({'alg': 'EdDSA', 'kid': issuer.kid, member: brought[member]()})}"
    for key in (own, issuer.key):
        valid = signed(issuer, claims(), key=key)
        with pytest.raises(Unauthorised):
            verifier.verify(f"{head}.{valid.split('.', 1)[1]}")


def test_another_key_with_the_same_id_is_refused(issuer: Issuer, verifier: TokenVerifier) -> None:
    with pytest.raises(Unauthorised):
        verifier.verify(signed(issuer, claims(), key=OKPKey.generate_key("Ed25519")))


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "." * 9_000])
def test_what_is_no_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    with pytest.raises(Unauthorised):
        verifier.verify(token)


def test_a_changed_claim_breaks_the_signature(issuer: Issuer, verifier: TokenVerifier) -> None:
    head, _, signature = signed(issuer, claims()).split(".")
    with pytest.raises(Unauthorised):
        verifier.verify(f"{head}.{encoded(claims(org='99'))}.{signature}")
