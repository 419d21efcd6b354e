"""What one request may ask for: of its credential, of its profile, and of tokens."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Ask, Caller, Model, Purpose, Task
from gateway.domain.policy import Deny, Permit, Profile, not_evaluated
from gateway.domain.ports import Decider, Prompt
from gateway.domain.text import RawText
from gateway.treatment import Work

_PROFILE = "X-Redaction-Profile"


def check_scope(caller: Caller, action: Action, model: Model, purpose: Purpose) -> None:
    """Raise `ExchangeError` with SCOPE_EXCEEDED if the credential is not for this."""
    if outside := caller.scope.outside(action, model.name, purpose):
        raise ExchangeError(
            Code.SCOPE_EXCEEDED,
            f"This credential is not for this {outside}, whatever policy permits: ask the "
            "administrator for one that is.",
        )


def tightened(decision: Permit | Deny, asked: str | None, decider: Decider) -> Permit | Deny:
    """Return the decision for a client that asks for a profile, within the one that policy grants.

    Raises `ExchangeError` with UNKNOWN_PROFILE or PROFILE_NOT_STRICTER, and with POLICY_UNAVAILABLE
    where a forbid that speaks of that profile cannot be evaluated.
    """
    if isinstance(decision, Deny) or asked is None or asked == decision.profile.name:
        return decision
    granted = decision.profile
    profile = decider.profile(asked)
    if profile is None:
        raise ExchangeError(
            Code.UNKNOWN_PROFILE,
            "There is no profile of that name. Leave out the header X-Redaction-Profile, or "
            "name one that `intramural policy show` lists.",
            param=_PROFILE,
        )
    if profile.strictness < granted.strictness:
        raise ExchangeError(
            Code.PROFILE_NOT_STRICTER,
            f"X-Redaction-Profile can only name a stricter profile than '{granted.name}', "
            "which policy grants.",
            param=_PROFILE,
        )
    against = decision.against(asked)
    if against is None:
        raise not_evaluated()
    if against:
        return Deny(Code.POLICY_DENIED, against, decision.release)
    return replace(decision, profile=profile.within(granted))


def denied(decision: Deny, action: Action, purpose: Purpose) -> ExchangeError:
    """Return what a caller is told whom policy denies this."""
    return ExchangeError(
        decision.code,
        f"Policy does not permit '{action}' for the purpose {purpose} to this caller. "
        "`intramural policy explain` shows the administrator why.",
    )


def check_size(ask: Ask[RawText] | Work, profile: Profile) -> None:
    """Raise `ExchangeError` with LIMIT_EXCEEDED if there is more text than the profile allows."""
    texts = ask.texts() if isinstance(ask, Work) else ask.conversation.texts()
    size = sum(map(len, texts))
    if size > profile.limits.max_input_characters:
        raise ExchangeError(
            Code.LIMIT_EXCEEDED,
            f"The request holds {size} characters; the profile '{profile.name}' lets "
            f"{profile.limits.max_input_characters} through. Send it in parts.",
        )


def reply_tokens(ask: Ask[RawText], profile: Profile) -> int:
    """Return the most tokens that the reply may have."""
    granted = profile.limits.max_output_tokens
    return min(granted, ask.options.max_tokens or granted)


def most_tokens(prompt: Prompt, ask: Ask[RawText], profile: Profile, action: Action) -> int:
    """Return the most tokens that prompt and reply may take; vectors are none."""
    reply = 0 if action.task is Task.EMBED else reply_tokens(ask, profile)
    return prompt.tokens + reply
