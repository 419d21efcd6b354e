"""What an operator wants to know before anything breaks. Reads, asks, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gateway.doctor import evidence, host, models, people, rules
from gateway.doctor.diagnosis import Diagnosis, Verdict
from gateway.settings import Settings

__all__ = ["Diagnosis", "Verdict", "examine"]


def examine(settings: Settings) -> Iterator[Diagnosis]:
    """Yield a diagnosis for each part of the installation; a check that raises has failed."""
    checks: dict[str, Callable[[Settings], Diagnosis]] = {
        "data directory": host.data_directory,
        "disk": host.disk,
        "secret keys": host.secret_keys,
        "databases": host.databases,
        "policy": rules.policy,
        "API keys": people.api_keys,
        "roles": people.roles,
        "identity": people.identity,
        "certificates": people.certificates,
        "ledger": evidence.ledger,
        "witnesses": evidence.witnesses,
        "models": models.models,
        "cores": host.cores,
        "exports": evidence.exports,
        "egress": host.egress,
        "SQLite": host.sqlite,
        "gateway": host.gateway,
    }
    for name, check_one in checks.items():
        try:
            yield check_one(settings)
        except PermissionError as error:
            # Made by another user, root mostly: the service cannot start on it.
            place = error.filename or settings.data
            yield Diagnosis(
                name,
                Verdict.FAILED,
                f"{place} cannot be opened: permission denied",
                f"`chown -R USER: {settings.data}`, for the user that the gateway runs as",
            )
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not a crash
            yield Diagnosis(name, Verdict.FAILED, f"could not be examined ({type(error).__name__})")
