"""Tokens that a correct issuer would never sign, and the verifier they are tried on."""

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

from holdfast.tokens import ISSUER, Issuer, ensure_issuer
from shared.identity import AUDIENCE, ONE_ALGORITHM, TokenVerifier
from shared.jwks import JwksFile

NOW = int(time.time())


def an_issuer(folder: Path) -> Issuer:
    return ensure_issuer(folder)


def a_verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(JwksFile(issuer.jwks), issuer=ISSUER, now=lambda: NOW)


def claims(**different: Any) -> dict[str, Any]:  # noqa: ANN401 - claims of any shape, on purpose.
    """Valid claims but for what differs; None leaves a claim out."""
    valid = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "wang",
        "name": "王",
        "roles": ["points_operator"],
        "org": "990101",
        "iat": NOW,
        "exp": NOW + 3600,
    }
    return {name: value for name, value in {**valid, **different}.items() if value is not None}


def signed(
    issuer: Issuer,
    payload: Mapping[str, Any],
    *,
    key: OKPKey | None = None,
    **header: Any,  # noqa: ANN401 - headers of any shape, on purpose.
) -> str:
    protected = {"alg": "EdDSA", "kid": issuer.kid, **header}
    protected = {name: value for name, value in protected.items() if value is not None}
    return jws.serialize_compact(
        protected, json.dumps(payload), key or issuer.key, registry=ONE_ALGORITHM
    )


def encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
