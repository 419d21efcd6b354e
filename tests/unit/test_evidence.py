"""The tables `[ledger]` and `[witness]` of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.notes import COSIGNATURE, ED25519, ML_DSA_44
from gateway.domain.witnessing import Standing, WitnessPolicy
from gateway.ledger.signatures import new_signer
from gateway.settings import Settings, SettingsError, load

KEYS = [new_signer(f"witness.example/{n}", COSIGNATURE).vkey.encode() for n in range(3)]


def peer(name: str, key: str, url: str = "http://10.0.0.9:8405", more: str = "") -> str:
    return f'[[witness.peers]]\nname = "{name}"\nurl = "{url}"\nvkey = "{key}"\n{more}\n'


def read(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "intramural.toml").write_text(text, encoding="utf-8")
    return load(tmp_path)


def test_without_witnesses_nobody_watches_and_nothing_stops(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    assert settings.witness.peers == ()
    assert settings.peers == ()


def test_witnesses_are_peers_and_all_of_them_have_to_agree_unless_told(tmp_path: Path) -> None:
    text = peer("one", KEYS[0]) + peer("two", KEYS[1], "unix:///run/w.sock")
    settings = read(tmp_path, text)
    assert settings.peers == ("10.0.0.9:8405", "unix:/run/w.sock")
    assert settings.witness.policy == WitnessPolicy(2, 60.0, None)
    assert read(tmp_path, "[witness]\nquorum = 1\n" + text).witness.policy.quorum == 1


def test_a_key_of_either_kind_of_witness_is_taken(tmp_path: Path) -> None:
    for kind in (COSIGNATURE, ML_DSA_44):
        vkey = new_signer("w", kind).vkey
        settings = read(tmp_path, peer("w", vkey.encode()))
        assert settings.witness.peers[0].key == vkey


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[ledger]\nsecond_signature = "rsa"', "second_signature"),
        ("[witness]\nquorum = 1", "quorum"),
        ("[witness]\nquorum = 3\n" + peer("a", KEYS[0]) + peer("b", KEYS[1]), "quorum"),
        (peer("a", KEYS[0]) + peer("a", KEYS[1]), "name and a key of its own"),
        (peer("a", KEYS[0]) + peer("b", KEYS[0]), "name and a key of its own"),
        (peer("a", new_signer("w", ED25519).vkey.encode()), "vkey"),
        (peer("a", KEYS[0][:-4]), "vkey"),
        (peer("a", KEYS[0], "https://10.0.0.9"), "ca_file"),
        (peer("a", KEYS[0], "http://witness.example"), "address"),
        (peer("a", KEYS[0], "http://8.8.8.8:1"), "outside of the networks"),
        ("[witness]\nnetworks = ['0.0.0.0/0']\n" + peer("a", KEYS[0]), "no|none"),
        (peer("a", KEYS[0], "http://10.0.0.9/?x=1"), "query"),
        ("[witness]\nwarn_age = 60\nstop_age = 30\n" + peer("a", KEYS[0]), "stop_age"),
        ("[witness]\nwarn_age = 10\n" + peer("a", KEYS[0]), "warn_age"),
        (peer("A b", KEYS[0]), "name"),
    ],
)
def test_what_makes_no_sense_is_an_error_that_names_it(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        read(tmp_path, text)


POLICY = WitnessPolicy(2, 60, 600)


@pytest.mark.parametrize(
    ("age", "refuted", "standing"),
    [
        (0, [], Standing.GOOD),
        (60, [], Standing.GOOD),
        (61, [], Standing.LATE),
        (600, [], Standing.LATE),
        (601, [], Standing.STOPPED),
        (None, [], Standing.STOPPED),
        (0, ["one"], Standing.REFUTED),
        (None, ["one"], Standing.REFUTED),
    ],
)
def test_age_and_refutation_decide(
    age: float | None, refuted: list[str], standing: Standing
) -> None:
    assert POLICY.standing(age, refuted) is standing


def test_a_site_that_never_stops_is_told_all_the_same() -> None:
    assert WitnessPolicy(1, 60, None).standing(None, []) is Standing.LATE
    assert WitnessPolicy(1, 60, None).standing(10**9, []) is Standing.LATE


def test_the_slowest_of_the_quorum_says_since_when() -> None:
    assert POLICY.agreed({"a": 10, "b": 30, "c": 20}) == 20
    assert POLICY.agreed({"a": 10}) is None
    assert WitnessPolicy(3, 60, None).agreed({"a": 10, "b": 30, "c": 20}) == 10
