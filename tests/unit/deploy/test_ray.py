"""What deploy/ray/ says is what Ray understands, the engine takes, and the firewall opens."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

RAY = Path(__file__).parents[3] / "deploy" / "ray"
CONFIG: dict[str, Any] = yaml.safe_load((RAY / "cluster.yaml").read_text())
ENVIRONMENT = dict(re.findall(r"^(\w+)=(.*)$", (RAY / "ray.env").read_text(), re.MULTILINE))
UNITS = ["intramural-ray-head.service", "intramural-ray-node.service"]
WITHOUT = "Ray is not installed: pip install '.[cluster]'"


class _Unit(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def service(name: str) -> configparser.SectionProxy:
    parsed = _Unit(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parsed.read_string((RAY / name).read_text().replace("\\\n", " "))
    return parsed["Service"]


def ports(name: str) -> set[int]:
    """Where a unit lets Ray listen for other nodes: not for those who read its counters."""
    named = dict(re.findall(r"--([\w-]+-port|port)=(\d+)", service(name)["ExecStart"]))
    return {int(port) for use, port in named.items() if use != "metrics-export-port"}


def test_ray_understands_the_config_and_every_key_of_it() -> None:
    schema = pytest.importorskip("ray.serve.schema", reason=WITHOUT)
    parsed = schema.ServeDeploySchema.model_validate(CONFIG)
    # The schema lets unknown keys pass, so each that is written has to come back.
    known = parsed.model_dump(exclude_unset=True)
    assert known.keys() == CONFIG.keys()
    for part in ("http_options", "logging_config"):
        assert known[part].keys() == CONFIG[part].keys()
    (application,), (deployment,) = CONFIG["applications"], CONFIG["applications"][0]["deployments"]
    assert known["applications"][0].keys() == application.keys()
    assert known["applications"][0]["deployments"][0].keys() == deployment.keys()
    from ray.serve.config import AutoscalingConfig

    bounds = deployment["autoscaling_config"]
    assert AutoscalingConfig(**bounds).model_dump(include=set(bounds)) == bounds


def test_the_engine_takes_the_arguments_and_the_deployment_is_its_own() -> None:
    pytest.importorskip("ray", reason=WITHOUT)
    from engine import cluster

    (application,) = CONFIG["applications"]
    settings = msgspec.convert(application["args"], cluster.Settings)
    assert settings.models
    module, _, attribute = application["import_path"].partition(":")
    assert (module, getattr(cluster, attribute)) == ("engine.cluster", cluster.app)
    assert [each["name"] for each in application["deployments"]] == [cluster.NAME]


def test_the_environment_has_rays_locks_on() -> None:
    pytest.importorskip("ray", reason=WITHOUT)
    from engine.cluster import refuse_unlocked

    refuse_unlocked(ENVIRONMENT)
    assert ENVIRONMENT["RAY_SERVE_ENABLE_HA_PROXY"] == "0"


def test_ray_knows_every_setting_of_the_environment() -> None:
    ray = pytest.importorskip("ray", reason=WITHOUT)
    package = Path(ray.__file__).parent
    names = {name for name in ENVIRONMENT if name.startswith("RAY_")}
    native = (package / "core" / "src" / "ray" / "raylet" / "raylet").read_bytes()
    native += (package / "_raylet.so").read_bytes()
    words = set(re.findall(rb"\bRAY_\w+", native))
    for part in ("_private", "_common", "serve/_private"):
        for path in (package / part).rglob("*.py"):
            words |= set(re.findall(rb"\bRAY_\w+", path.read_bytes()))
    unknown = {name for name in names if name.encode() not in words}
    assert not unknown


def test_the_access_log_is_off_and_a_request_cannot_outlive_its_bound() -> None:
    assert CONFIG["logging_config"]["enable_access_log"] is False
    assert CONFIG["http_options"]["request_timeout_s"] > 0
    (deployment,) = CONFIG["applications"][0]["deployments"]
    assert deployment["max_queued_requests"] >= 0, "a bounded queue"


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_one_that_systemd_understands(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    text = (RAY / name).read_text()
    text = re.sub(r"/opt/intramural/bin/\w+", "/bin/true", text)
    copy = tmp_path / name
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_ray_in_this_environment_and_keeps_it_off_the_disk(name: str) -> None:
    unit = service(name)
    assert (RAY / name).read_text().count("EnvironmentFile=/etc/intramural-ray/ray.env") == 1
    assert "--disable-usage-stats" in unit["ExecStart"]
    assert unit["RuntimeDirectory"] == "intramural-ray"
    assert unit["IPAddressDeny"] == "any"
    assert unit["LimitCORE"] == "0"
    assert unit["ProtectSystem"] == "strict"


def test_the_head_has_no_dashboard_and_writes_what_it_knows_where_it_may() -> None:
    command = service(UNITS[0])["ExecStart"]
    assert "--include-dashboard=false" in command
    assert "--temp-dir=/run/intramural-ray " in command
    assert ENVIRONMENT["RAY_gcs_storage_path"].startswith("/var/lib/intramural-ray/")
    assert service(UNITS[0])["StateDirectory"] == "intramural-ray"


def test_a_unit_waits_longer_than_the_drain_that_it_asks_for() -> None:
    unit = service(UNITS[1])
    found = re.search(r"drain --node \$\{NODE_ADDRESS\} --seconds (\d+)", unit["ExecStop"])
    assert found
    assert int(unit["TimeoutStopSec"]) > int(found[1])
    (deployment,) = CONFIG["applications"][0]["deployments"]
    assert deployment["graceful_shutdown_timeout_s"] <= int(found[1])


def test_every_replica_finds_its_resource_on_a_node() -> None:
    (deployment,) = CONFIG["applications"][0]["deployments"]
    assert deployment["ray_actor_options"]["resources"] == {"intramural": 1}
    for name in UNITS:
        assert '--resources={\\"intramural\\":1}' in service(name)["ExecStart"]


def test_the_firewall_opens_to_nodes_what_the_units_listen_on_and_to_gateways_the_proxies() -> None:
    rules = (RAY / "intramural-ray.nft").read_text()
    opened = re.search(r"define ray = \{ (.+) \}", rules)
    assert opened
    spans = [each.strip().partition("-") for each in opened[1].split(",")]
    allowed = {port for low, _, high in spans for port in range(int(low), int(high or low) + 1)}
    assert ports(UNITS[0]) | ports(UNITS[1]) <= allowed
    assert f"define proxy = {CONFIG['http_options']['port']}" in rules


def test_the_certificates_are_of_this_authority_and_for_this_address_alone(tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

    for words in (["cluster"], ["node", "10.20.1.10", "10.20.1.11"], ["secrets"]):
        made = subprocess.run(
            [RAY / "make-certificates", tmp_path, *words], capture_output=True, check=False
        )
        assert made.returncode == 0, made.stderr
    import ipaddress

    authority = x509.load_pem_x509_certificate((tmp_path / "cluster.crt").read_bytes())
    node = x509.load_pem_x509_certificate((tmp_path / "10.20.1.11" / "node.crt").read_bytes())
    names = node.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("10.20.1.11"),
        ipaddress.ip_address("127.0.0.1"),
    ]
    node.verify_directly_issued_by(authority)
    store = PolicyBuilder().store(Store([authority]))
    store.build_server_verifier(x509.IPAddress(ipaddress.ip_address("10.20.1.11"))).verify(node, [])
    with pytest.raises(VerificationError):
        store.build_server_verifier(x509.IPAddress(ipaddress.ip_address("10.20.1.10"))).verify(
            node, []
        )
    secret = [
        path for path in tmp_path.rglob("*") if path.suffix in {".key", ""} and path.is_file()
    ]
    assert len(secret) == 5
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in secret)


@pytest.mark.parametrize("words", [["cluster"], ["secrets"]])
def test_what_is_secret_is_never_made_twice(tmp_path: Path, words: list[str]) -> None:
    script = [RAY / "make-certificates", tmp_path, *words]
    assert subprocess.run(script, capture_output=True, check=False).returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert subprocess.run(script, capture_output=True, check=False).returncode != 0
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
