"""Keys: followed when they change, kept when what replaces them is broken."""

import json
import os
import stat
from pathlib import Path

import pytest
from joserfc.jwk import OctKey, OKPKey, RSAKey

from holdfast.tokens import Issuer, NoIssuer, ensure_issuer, mint, open_issuer
from shared.identity import Caller, Role
from shared.jwks import JwksFile, JwksUrl, KeysUnreadable, key_source, parse_jwks


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return ensure_issuer(tmp_path / "home")


def _replace(path: Path, text: str) -> None:
    before = path.stat().st_mtime_ns
    path.write_text(text)
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def test_the_private_key_is_for_its_owner_alone(issuer: Issuer) -> None:
    mode = stat.S_IMODE((issuer.jwks.parent / "issuer.key").stat().st_mode)
    assert mode == 0o600


def test_the_published_keys_hold_nothing_private(issuer: Issuer) -> None:
    (key,) = json.loads(issuer.jwks.read_bytes())["keys"]
    assert "d" not in key
    assert key["kid"] == issuer.kid


def test_a_second_start_finds_the_same_issuer(issuer: Issuer) -> None:
    assert ensure_issuer(issuer.jwks.parent).kid == issuer.kid


def test_a_stack_that_was_never_up_has_no_issuer(tmp_path: Path) -> None:
    with pytest.raises(NoIssuer, match="holdfast up"):
        open_issuer(tmp_path)


@pytest.mark.parametrize("hours", [0, -1, 12.5])
def test_a_token_never_outlives_a_working_day(issuer: Issuer, hours: float) -> None:
    caller = Caller("boss", "boss", frozenset({Role.BOSS}), "99")
    with pytest.raises(ValueError, match="hours"):
        mint(issuer, caller, hours=hours)


def test_a_changed_file_brings_its_new_keys(issuer: Issuer, tmp_path: Path) -> None:
    source = JwksFile(issuer.jwks)
    new = ensure_issuer(tmp_path / "other")
    _replace(issuer.jwks, new.jwks.read_text())
    source.look()
    assert set(source.keys()) == {new.kid}


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"keys": []}', '{"keys": 7}', '{"keys": [7]}'])
def test_a_broken_file_leaves_the_last_good_keys(issuer: Issuer, broken: str) -> None:
    source = JwksFile(issuer.jwks)
    _replace(issuer.jwks, broken)
    source.look()
    assert set(source.keys()) == {issuer.kid}


def test_a_missing_file_leaves_the_last_good_keys(issuer: Issuer) -> None:
    source = JwksFile(issuer.jwks)
    issuer.jwks.unlink()
    source.look()
    assert set(source.keys()) == {issuer.kid}


def test_nothing_starts_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(KeysUnreadable, match="HOLDFAST_JWKS_FILE"):
        key_source(str(tmp_path / "absent.json"))


def test_keys_of_another_kind_are_left_out(issuer: Issuer) -> None:
    ours = json.loads(issuer.jwks.read_bytes())["keys"][0]
    others = [
        {**RSAKey.generate_key(2048).as_dict(private=False), "kid": "rsa"},
        {**OctKey.generate_key(256).as_dict(private=True), "kid": "shared-secret"},
        {**OKPKey.generate_key("X25519").as_dict(private=False), "kid": "agreement"},
    ]
    assert set(parse_jwks(json.dumps({"keys": [*others, ours]}))) == {issuer.kid}


def test_keys_of_another_machine_are_fetched_by_https_only() -> None:
    with pytest.raises(KeysUnreadable, match="https"):
        JwksUrl("http://identity.example/jwks.json")
