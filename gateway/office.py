"""Who comes to do a duty: authenticated, and checked against the table of duties.

The one door of the administrator's and the auditor's routes and commands. Who may not is told which
role they lack, and the attempt is recorded before they are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.domain.duties import Duty, carries, conflicts, roles_for
from gateway.domain.errors import AuthenticationError, Code, ExchangeError
from gateway.domain.exchange import Action, Caller, Credentials
from gateway.domain.ports import Authenticator, Clock, Ledger
from gateway.domain.records import Admin, AdminAct

_UNDER_GRANT: Final = frozenset({Duty.ASK_GRANT, Duty.REIDENTIFY})


@dataclass(frozen=True, slots=True, repr=False)
class Office:
    """Lets in whoever carries a duty."""

    authenticator: Authenticator
    ledger: Ledger
    clock: Clock

    async def admit(self, credentials: Credentials, duty: Duty, *others: Duty) -> Caller:
        """Return who presents `credentials`, who carries `duty`, or one of the others.

        Raises `AuthenticationError`, `ExchangeError` with DUTY_REFUSED or SCOPE_EXCEEDED, or
        `LedgerUnavailable`.
        """
        try:
            caller = self.authenticator.authenticate(credentials)
        except AuthenticationError as error:
            # Whose a key is that was revoked, has expired or comes from elsewhere is known.
            if error.caller is not None:
                await self._record(error.caller, f"{duty} {error.code}")
            raise
        if not _within(caller, duty, *others):
            await self._record(caller, f"{duty} {Code.SCOPE_EXCEEDED}")
            raise ExchangeError(
                Code.SCOPE_EXCEEDED,
                "This credential is restricted to actions, and this is none of them: ask the "
                "administrator for one that is for a person's duties.",
            )
        if not any(carries(caller.roles, each) for each in (duty, *others)):
            await self._record(caller, duty.value)
            raise refused(caller, duty, *others)
        return caller

    async def _record(self, caller: Caller, target: str) -> None:
        await self.ledger.append(
            Admin(
                exchange=self.clock.new_id(),
                time=self.clock.now_ms(),
                actor=caller.id,
                act=AdminAct.DUTY_REFUSED,
                target=target,
            )
        )


def _within(caller: Caller, *duties: Duty) -> bool:
    """Say whether the scope of a credential leaves it any of `duties`: they are no action of it.

    But for a grant and what it is for, which the desk of grants asks the scope about itself.
    """
    actions = caller.scope.actions
    return actions is None or (Action.REIDENTIFY in actions and bool(_UNDER_GRANT & {*duties}))


def refused(caller: Caller, *duties: Duty) -> ExchangeError:
    """Return what a caller is told who carries none of `duties`."""
    if pairs := conflicts(caller.roles):
        first, second = pairs[0]
        why = f"Nobody may be {first} and {second} at once: ask for a key with one of the two."
    else:
        # Each role once, in the order of the duties that it is for.
        roles = dict.fromkeys(role for duty in duties for role in roles_for(duty))
        why = f"This needs the role {' or '.join(roles)}."
    return ExchangeError(Code.DUTY_REFUSED, why)
