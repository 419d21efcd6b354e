from pathlib import Path

import pytest

from gateway.egress import EgressRefused, guard, parse_peers
from gateway.endpoints import parse_endpoint
from gateway.settings import SettingsError, load


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "intramural.toml").write_text(text)
    return tmp_path


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8400)
    assert settings.egress.peers == ()
    assert settings.models == tmp_path / "models"
    assert settings.ledger == tmp_path / "ledger" / settings.node


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour = 1", "colour"),
        ("[server]\nporte = 1", "porte"),
        ("[server]\nport = 70000", "port"),
        ("[server]\nbody_limit = 0", "body_limit"),
        ('node = "Not A Host"', "node"),
        ("[server", "intramural.toml"),
        ('[log]\nlevel = "loud"', "log.level"),
        ('[log]\nformat = "xml"', "log.format"),
        ("[identity]\noicd = {}", "oicd"),
        ("[identity.oidc]", "issuer"),
        ('[engine]\nmemory = "6X"', "engine.memory"),
        ('[engine]\nmemory = ""', "engine.memory"),
        ("[engine]\nmemory = 0", "engine.memory"),
        ('[engine]\nprefer = ["tpu"]', "engine.prefer"),
        ("[engine]\nprefer = []", "engine.prefer"),
        ("[engine]\ncontext = 0", "engine.context"),
        ('[detection]\nhl7_fields = {"ZPI.3" = "PERSON"}', "ZPI-3"),
        ('[detection]\nhl7_fields = {"ZPI-3" = "MOOD"}', "PERSON"),
        ('[detection]\nhl7_z_segments = "keep"', "hl7_z_segments"),
        ('[detection]\nother_scripts = "drop"', "other_scripts"),
    ],
)
def test_what_is_not_understood_is_an_error_that_names_it(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        load(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[server]\nhots = 1", "line 2: server.hots: there is no such key; did you mean `host`?"),
        (
            "[engine]\n\nmodel = []",
            "line 3: engine.model: there is no such key; did you mean `models`?",
        ),
        (
            "port = 1",
            "line 1: port: there is no such key; it belongs under [server] or [export.syslog]",
        ),
        ("[sever]\nport = 1", "line 1: sever: there is no such key; did you mean `server`?"),
        ("[server]\nport = 1\nport = 2", "end of document: this key stands there twice"),
        ('[engine]\nmemory = "6GB"', "line 2: engine.memory: write bytes as a whole number, or a"),
        ('[engine]\nprefer = ["gpu"]', "line 2: engine.prefer[1]: write one of cpu, cuda"),
        ("[identity]\noidc = {issuer = 3}", "line 2: identity.oidc.issuer: write text in quotes"),
        ("server.port = true", "line 1: server.port: write a whole number"),
        ('[[witness.peers]]\nname = "a"', "line 1: witness.peers[1]: the key `url` is missing"),
    ],
)
def test_a_slip_is_told_with_its_line_its_key_and_what_was_meant(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(SettingsError) as told:
        load(write(tmp_path, text))
    assert f"{tmp_path / 'intramural.toml'}: {says}" in str(told.value)


def test_a_line_that_may_be_another_one_is_not_named(tmp_path: Path) -> None:
    models = (
        "[engine.openai.models.a]\ncontext_length = 5\n[engine.openai.models.b]\ncontext_length = 5"
    )
    with pytest.raises(
        SettingsError, match=r"toml: engine\.openai\.models\.….context_length: write"
    ):
        load(
            write(
                tmp_path,
                '[engine]\nkind = "openai"\n[engine.openai]\nendpoints = ["http://10.0.0.1:1"]\n'
                + models,
            )
        )


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("memory = 1000", 1000),
        ('memory = "1000"', 1000),
        ('memory = "6G"', 6 << 30),
        ('memory = "1.5G"', 3 << 29),
        ('memory = "512M"', 512 << 20),
        ("", None),
    ],
)
def test_memory_is_written_in_bytes_or_with_a_letter(
    tmp_path: Path, text: str, size: int | None
) -> None:
    assert load(write(tmp_path, f"[engine]\n{text}")).engine.memory_bytes == size


def test_a_settings_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no settings file"):
        load(tmp_path, tmp_path / "absent.toml")


def test_settings_that_cannot_be_read_are_told_and_no_crash(tmp_path: Path) -> None:
    file = write(tmp_path, "") / "intramural.toml"
    for data, config in ((tmp_path, tmp_path), (file, None)):
        with pytest.raises(SettingsError, match=r"cannot be read: (Is|Not) a directory"):
            load(data, config)
    file.write_bytes("node = 'z\u00fcrich'".encode("latin-1"))
    with pytest.raises(SettingsError, match="is not UTF-8: byte 9"):
        load(tmp_path)


def test_arguments_win_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTRAMURAL_DATA", str(tmp_path / "env"))
    assert load().data == tmp_path / "env"
    assert load(tmp_path / "argument").data == tmp_path / "argument"
    monkeypatch.setenv(
        "INTRAMURAL_CONFIG", str(write(tmp_path, 'node = "ward"') / "intramural.toml")
    )
    assert load().node == "ward"


def test_only_the_settings_read_the_environment() -> None:
    root = Path(__file__).parents[2]
    readers = {
        path.relative_to(root).as_posix()
        for folder in ("gateway", "engine")
        for path in (root / folder).rglob("*.py")
        if "os.environ" in path.read_text() or "getenv" in path.read_text()
    }
    # Ray is switched by its environment alone: a replica looks whether its locks are on. Two other
    # libraries are told there what they do; nothing of ours is read from it.
    assert readers == {"gateway/settings.py", "engine/cluster.py", "engine/environ.py"}


OIDC = {
    "issuer": '"https://idp.example/realm"',
    "audience": '["gateway"]',
    "jwks_url": '"https://idp.example:8443/keys"',
    "address": '"10.20.0.9"',
    "ca_file": '"ca.pem"',
}


def oidc(tmp_path: Path, **more: str | None) -> Path:
    lines = [f"{name} = {value}" for name, value in {**OIDC, **more}.items() if value]
    return write(tmp_path, "[identity.oidc]\n" + "\n".join(lines))


def test_the_provider_is_a_peer_by_being_named(tmp_path: Path) -> None:
    settings = load(oidc(tmp_path))
    assert settings.peers == ("10.20.0.9:8443",)
    provider = settings.identity.oidc
    assert provider is not None
    assert (provider.endpoint.host, provider.endpoint.target) == ("idp.example", "/keys")
    assert provider.roles == provider.groups == {}
    assert load(oidc(tmp_path, address='"fd00::9"')).peers == ("[fd00::9]:8443",)
    peers = parse_peers(settings.peers)
    assert peers == {("10.20.0.9", 8443)}
    tripwire = guard(peers)
    tripwire("socket.connect", (None, ("10.20.0.9", 8443)))
    for elsewhere in (("10.20.0.9", 443), ("10.20.0.8", 8443), ("idp.example", 8443)):
        with pytest.raises(EgressRefused):
            tripwire("socket.connect", (None, elsewhere))
    with pytest.raises(EgressRefused):
        tripwire("socket.getaddrinfo", ("idp.example", 8443))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"issuer": None}, "issuer"),
        ({"issuer": '""'}, "issuer"),
        ({"audience": None}, "audience"),
        ({"audience": "[]"}, "audience"),
        ({"audience": '[""]'}, "audience"),
        ({"audience": '"gateway"'}, "audience"),
        ({"jwks_url": None}, "one of jwks_url and discovery_url"),
        ({"discovery_url": '"https://idp.example/x"'}, "one of jwks_url and discovery_url"),
        ({"address": None}, "at which address"),
        ({"address": '"idp.example"'}, "does not appear to be"),
        ({"jwks_url": '"https://10.20.0.8/"'}, "one address"),
        ({"jwks_url": '"http://idp.example/"'}, "over https"),
        ({"jwks_url": '"ftp://idp.example/"'}, "a URL is"),
        ({"jwks_url": '"https://a:b@idp.example/"'}, "without a user"),
        ({"jwks_url": '"https://idp.example/#x"'}, "a URL is"),
        ({"jwks_url": '"https://idp.example/a b"'}, "a URL is"),
        ({"jwks_url": '"https://idp.example/\\r\\nX: y"'}, "a URL is"),
        ({"jwks_url": '"https://idp.example:0/"'}, "a URL is"),
        ({"jwks_url": '"https://idp.example:99999/"'}, "ort"),
        ({"jwks_url": '"https:///keys"'}, "a URL is"),
        ({"ca_file": None}, "ca_file"),
        ({"algorithms": "[]"}, "algorithms"),
        ({"algorithms": '["none"]'}, "algorithms"),
        ({"algorithms": '["HS256"]'}, "algorithms"),
        ({"algorithms": '["RS256", "HS512"]'}, "algorithms"),
        ({"types": "[]"}, "types"),
        ({"types": '["logout+jwt"]'}, "types"),
        ({"leeway": "61"}, "leeway"),
        ({"leeway": "-1"}, "leeway"),
        ({"role_claims": '["roles"]'}, "belong together"),
        ({"roles": '{ward = "clinician"}'}, "belong together"),
        ({"group_claims": '["groups"]', "groups": '{icu = "I C U"}'}, "a role or group is"),
        ({"refetch": "301"}, "refetch"),
        ({"max_age": "599"}, "refetch"),
        ({"timeout": "0"}, "timeout"),
        ({"client_secret": '"x"'}, "client_secret"),
    ],
)
def test_a_provider_that_is_not_wholly_named_stops_the_start(
    tmp_path: Path, change: dict[str, str | None], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        load(oidc(tmp_path, **change))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/k", "http://[::1]:1/k"])
def test_on_this_machine_keys_may_come_without_tls(url: str) -> None:
    assert not parse_endpoint(url, None).tls


REMOTE = {
    "endpoints": '["http://10.0.0.5:8000", "unix:///run/intramural/engine.sock"]',
    "models": "{ward = {context_length = 8192}}",
}


def remote(tmp_path: Path, kind: str = "openai", **more: str | None) -> Path:
    lines = [f"{name} = {value}" for name, value in {**REMOTE, **more}.items() if value]
    return write(tmp_path, f'[engine]\nkind = "{kind}"\n[engine.openai]\n' + "\n".join(lines))


def test_engines_elsewhere_are_peers_by_being_named(tmp_path: Path) -> None:
    settings = load(remote(tmp_path))
    assert settings.peers == ("10.0.0.5:8000", "unix:/run/intramural/engine.sock")
    named = load(
        remote(
            tmp_path,
            endpoints='["https://engine.example:8443", "http://[fd00::5]:8000"]',
            addresses='{"engine.example" = "172.16.0.9"}',
            ca_file='"ca.pem"',
        )
    )
    assert named.peers == ("172.16.0.9:8443", "[fd00::5]:8000")
    assert parse_peers(named.peers) == {("172.16.0.9", 8443), ("fd00::5", 8000)}


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "169.254.169.254", "100.64.0.1", "172.32.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104 - refused
        "[2001:db8::1]", "[fe80::1]", "[::]", "[::ffff:8.8.8.8]", "[::ffff:10.0.0.5]",
    ],
)  # fmt: skip
def test_an_engine_outside_of_the_walls_stops_the_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match=r"outside of the networks|as the IPv4 address"):
        load(remote(tmp_path, endpoints=f'["http://{address}:8000"]'))


def test_walls_that_are_elsewhere_are_named(tmp_path: Path) -> None:
    there = '["http://198.51.100.7:8000"]'
    near = load(remote(tmp_path, endpoints=there, networks='["198.51.100.0/24"]'))
    assert near.peers == ("198.51.100.7:8000",)
    with pytest.raises(SettingsError, match="outside of the networks"):
        load(remote(tmp_path, networks='["198.51.100.0/24"]'))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "local"}, "belong together"),
        ({"endpoints": "[]"}, "endpoints"),
        ({"endpoints": '["http://engine.example:8000"]'}, "at which address"),
        ({"endpoints": '["http://10.0.0.5:8000/v1"]'}, "base URL"),
        ({"endpoints": '["https://10.0.0.5:8000"]'}, "ca_file"),
        ({"endpoints": '["ftp://10.0.0.5"]'}, "a URL is"),
        ({"endpoints": '["http://a:b@10.0.0.5:8000"]'}, "without a user"),
        ({"endpoints": '["unix://engine.sock"]'}, "a Unix socket is"),
        ({"endpoints": '["unix:///run/../engine.sock"]'}, "a Unix socket is"),
        ({"endpoints": '["http://10.0.0.5:1", "http://10.0.0.5:1"]'}, "twice"),
        ({"addresses": '{"other.example" = "10.0.0.9"}'}, "in no URL"),
        ({"networks": "[]"}, "networks"),
        ({"networks": '["0.0.0.0/0"]'}, "all addresses"),
        ({"networks": '["::/0"]'}, "all addresses"),
        ({"networks": '["any"]'}, "CIDR"),
        ({"models": "{}"}, "models"),
        ({"models": None}, "models"),
        ({"models": "{ward = {}}"}, "context_length"),
        ({"models": '{"a b" = {context_length = 99}}'}, "a model's name"),
        ({"models": '{ward = {context_length = 99, digest = "abc"}}'}, "digest"),
        ({"count": '"guess"'}, "count"),
        ({"total_timeout": "0"}, "total_timeout"),
        ({"api_key": '"secret"'}, "api_key"),
    ],
)
def test_engines_that_are_not_wholly_named_stop_the_start(
    tmp_path: Path, change: dict[str, str | None], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        load(remote(tmp_path, **change))  # type: ignore[arg-type]


def test_an_engine_elsewhere_needs_its_table(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="belong together"):
        load(write(tmp_path, '[engine]\nkind = "openai"'))


@pytest.mark.parametrize(
    "table",
    [
        'networks = ["10.0.0.5"]',
        'role = "redactor"',
        'networks = ["10.0.0.5"]\nrole = "redactor"',
        'networks = ["any"]\nrole = "redactor"\npurpose = "TREAT"',
        'networks = ["0.0.0.0/0"]\nrole = "redactor"\npurpose = "TREAT"',
        'networks = ["::/0"]\nrole = "redactor"\npurpose = "TREAT"',
        'networks = ["gateway.example"]\nrole = "redactor"\npurpose = "TREAT"',
        'networks = ["10.0.0.5"]\nrole = "Redactor"\npurpose = "TREAT"',
        'networks = ["10.0.0.5"]\nrole = "redactor"\npurpose = "ANYTHING"',
    ],
)
def test_clients_without_credentials_are_wholly_described_or_not_admitted(
    tmp_path: Path, table: str
) -> None:
    (tmp_path / "intramural.toml").write_text(f"[presidio]\n{table}\n")
    with pytest.raises(SettingsError):
        load(tmp_path)


def test_nobody_is_admitted_without_credentials_unless_a_network_is_named(tmp_path: Path) -> None:
    assert load(tmp_path).presidio.networks == ()
    table = 'networks = ["10.0.0.5", "unix"]\nrole = "redactor"\npurpose = "TREAT"\n'
    (tmp_path / "intramural.toml").write_text(f"[presidio]\n{table}")
    assert load(tmp_path).presidio.networks == ("10.0.0.5", "unix")
