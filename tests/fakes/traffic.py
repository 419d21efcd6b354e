"""Invented traffic, as a ledger would hold it, and a policy that differs from the shipped one."""

from __future__ import annotations

import random
from collections.abc import Iterator

from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Assurance, Caller, Model, Purpose
from gateway.domain.policy import Permit
from gateway.domain.records import Intent, Outcome, Record, Refusal, Status
from gateway.domain.standing import Standing, standing_of
from gateway.policy.decider import CedarDecider
from gateway.policy.release import Release

ACTIONS = (Action.CHAT, Action.EMBED, Action.TRANSCRIBE, Action.REDACT)
PURPOSES = (Purpose.TREAT, Purpose.HRESCH, Purpose.HPAYMT, Purpose.CLINTRCH, Purpose.HMARKT)
TYPES = ("PERSON", "DATE_TIME", "US_SSN", "ORGANIZATION", "AGE", "MEDICAL_RECORD_NUMBER")
ROLES = (("clinician",), ("researcher",), ("coder",), ("investigator", "clinician"), ("nobody",))


def callers() -> tuple[Caller, ...]:
    return tuple(
        Caller(
            f"key:{number:04d}",
            f"service-{number % 3}",
            frozenset(roles),
            frozenset({"icu"} if number % 2 else set()),
            f"service-{number % 3}",
            Assurance.API_KEY,
        )
        for number, roles in enumerate(ROLES)
    )


def standings() -> dict[str, Standing]:
    """Return what each digest in this traffic stands for."""
    return {each.digest: each for each in map(standing_of, callers())}


def traffic(release: Release, seed: int, count: int) -> Iterator[Record]:
    """Yield the records of `count` exchanges that `release` decided."""
    chance = random.Random(seed)  # noqa: S311 - invented traffic that repeats
    decider = CedarDecider(release)
    waiting: list[Outcome] = []
    for number in range(count):
        caller = chance.choice(callers())
        action, purpose = chance.choice(ACTIONS), chance.choice(PURPOSES)
        model = Model(chance.choice(("small", "large")), "ab" * 32, 8192, 0)
        decision = decider.decide(caller, action, model, purpose)
        exchange, time = f"exchange-{number:06d}", 1_780_000_000_000 + 1000 * number
        about = {
            "exchange": exchange,
            "time": time,
            "actor": caller.id,
            "client": caller.client,
            "action": action,
            "purpose": purpose,
            "model": model.name,
            "release": decision.release,
            "rules": decision.rules,
            "standing": standing_of(caller).digest,
        }
        if not isinstance(decision, Permit):
            yield Refusal(code=decision.code, **about)
            continue
        profile = decision.profile
        stricter = release.profile("research")
        if chance.random() < 0.1 and stricter and stricter.strictness > profile.strictness:
            profile = stricter
        if chance.random() < 0.05:
            yield Refusal(code=Code.LIMIT_EXCEEDED, profile=profile.name, **about)
            continue
        yield Intent(
            model_digest=model.digest,
            profile=profile.name,
            findings={name: chance.randint(0, 3) for name in TYPES if chance.random() < 0.4},
            prompt_tokens=chance.randint(1, 500),
            **about,
        )
        waiting.append(
            Outcome(
                exchange,
                time + 500,
                Status.COMPLETED,
                completion_tokens=chance.choice((10, 500, 3000)),
                restored=chance.choice((0, 2)) if profile.restore else 0,
            )
        )
        while waiting and chance.random() < 0.6:
            yield waiting.pop(chance.randrange(len(waiting)))
    yield from waiting


def changed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a candidate: some lose, some gain, some types and limits change."""
    access = files["access.cedar"].decode()
    access = access.replace(
        '    Action::"chat", Action::"complete", Action::"embed", Action::"transcribe", '
        'Action::"redact"\n',
        '    Action::"chat", Action::"complete", Action::"redact"\n',
    )
    access += """
@id("billing-may-listen")
@profile("coding")
permit (principal in Role::"coder", action == Action::"transcribe", resource)
when { context.purpose == Purpose::"HPAYMT" };

@id("no-large-models-for-trials")
forbid (principal in Role::"investigator", action, resource == Model::"large")
when { context.purpose == Purpose::"CLINTRCH" };
"""
    treatment = files["profiles/treatment.yaml"].decode()
    treatment = treatment.replace("PERSON: pseudonym", "PERSON: surrogate")
    treatment = treatment.replace("US_SSN: replace", "US_SSN: block")
    treatment = treatment.replace("max_output_tokens: 4096", "max_output_tokens: 400")
    treatment = treatment.replace("  ORGANIZATION: pseudonym", "  ORGANIZATION: replace")
    coding = files["profiles/coding.yaml"].decode().replace("restore: true", "restore: false")
    trial = files["profiles/trial.yaml"].decode().replace("restore: false", "restore: true")
    return files | {
        "access.cedar": access.encode(),
        "profiles/treatment.yaml": treatment.encode(),
        "profiles/coding.yaml": coding.encode(),
        "profiles/trial.yaml": trial.encode(),
    }
