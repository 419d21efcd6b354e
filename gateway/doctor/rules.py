"""The policy in force: whole, its vectors holding, and by whom it was released."""

from __future__ import annotations

from gateway.doctor.diagnosis import Diagnosis, Verdict
from gateway.generation.local import known_models
from gateway.inforce import standing_of
from gateway.policy.check import check
from gateway.policy.release import load as load_release
from gateway.policy.releases.store import DATABASE as RELEASES
from gateway.policy.shipped import shipped_policies
from gateway.settings import Settings


def policy(settings: Settings) -> Diagnosis:
    """Say which policy is in force."""
    if settings.policy.mode == "releases":
        return _releases(settings)
    if not settings.policies.is_dir():
        return Diagnosis(
            "policy", Verdict.WARNING, "none yet", "`intramural serve` copies the default one"
        )
    report = check(settings.policies, known_models(settings))
    if report.release is None or not report.ok:
        return Diagnosis(
            "policy",
            Verdict.FAILED,
            f"{len(report.problems)} problems",
            "`intramural policy check` shows them",
        )
    origin = "the shipped one" if report.release.digest == _shipped() else "edited here"
    return Diagnosis(
        "policy",
        Verdict.OK,
        f"release {report.release.digest[:12]}… ({origin}), its vectors hold; by directory, which "
        "one person can change",
    )


def _releases(settings: Settings) -> Diagnosis:
    if not (settings.state / RELEASES).is_file():
        return Diagnosis(
            "policy", Verdict.FAILED, "no release was ever made", "docs/releases.md: the first one"
        )
    standing = standing_of(settings, known_models(settings))
    verdict = Verdict.FAILED if standing.broken else Verdict.WARNING if standing.advice else None
    return Diagnosis("policy", verdict or Verdict.OK, standing.found, standing.advice)


def _shipped() -> str:
    return load_release(shipped_policies()).digest
