"""Nothing edited or created is shown before it has passed here. Fail-closed: what cannot be judged does not pass.

A check is any callable with a `name` that takes (draft, guidance, scene) and returns a `Verdict` of that name. Stronger
models come in as further checks, also under a name that is taken: a trained classifier from a path is an object that
loads it, a served one is an `EndpointCheck`. Every verdict counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from generec.errors import GenerecError
from generec.fidelity.authenticity import Authenticity
from generec.fidelity.bias import Bias
from generec.fidelity.identifiability import Identifiability
from generec.fidelity.legality import Legality
from generec.fidelity.policy import Policy
from generec.fidelity.privacy import Privacy
from generec.fidelity.provenance import Marks
from generec.fidelity.safety import Safety
from generec.fidelity.scene import Scene, conclude
from generec.protocols import FidelityCheck
from generec.records import Draft, GateReport, Guidance, Verdict

AFTER_MARKING = "identifiability"
"""The check that looks at the marks and therefore comes last."""


def plain_checks() -> tuple[FidelityCheck[Scene], ...]:
    """The six checks as they stand without trained models; `replace` their fields, or add to them."""
    return (Bias(), Privacy(), Safety(), Authenticity(), Legality(), Identifiability())


@dataclass(frozen=True)
class Judged:
    """A report and, where the draft got so far, its marks."""

    report: GateReport
    marks: Marks | None = None


@dataclass(frozen=True)
class Gate:
    """Runs all checks on a draft, as the policy says.

    mark: makes label, sidecar and ledger record of a draft in which the other checks found nothing that blocks
    (`Marker.mark`); without it the scene must bring the marks. Errors of the ledger are raised: publishing stops.
    """

    checks: Sequence[FidelityCheck[Scene]]
    policy: Policy = field(default_factory=Policy)
    mark: Callable[[Draft], Marks] | None = None

    def report(self, draft: Draft, guidance: Guidance, scene: Scene) -> GateReport:
        """All verdicts on a draft."""
        return self.judge(draft, guidance, scene).report

    def judge(self, draft: Draft, guidance: Guidance, scene: Scene) -> Judged:
        """All verdicts on a draft, and what is needed to publish it where it passes."""
        kind, scene = draft.payload.kind, replace(scene, policy=self.policy)
        content = [check for check in self.checks if check.name != AFTER_MARKING]
        verdicts = [self._verdict(check, draft, guidance, scene) for check in content]
        names = {check.name for check in self.checks}
        verdicts += [
            self._graded(conclude(name, doubts=(f"there is no check {name}: add one to the gate",)), kind)
            for name in self.policy.required(kind)
            if name not in names
        ]
        marks = scene.marks
        blocking = [verdict.check for verdict in verdicts if verdict.severity == "block" and verdict.outcome != "pass"]
        if self.mark is not None and marks is None and not blocking:
            marks = self.mark(draft)
            scene = replace(scene, marks=marks)
        for check in self.checks:
            if check.name != AFTER_MARKING:
                continue
            if blocking and marks is None:
                doubt = f"not marked, since it did not pass: {', '.join(dict.fromkeys(blocking))}"
                verdicts.append(self._graded(conclude(check.name, doubts=(doubt,)), kind))
            else:
                verdicts.append(self._verdict(check, draft, guidance, scene))
        return Judged(GateReport(draft.id, tuple(verdicts), self.policy.name), marks)

    def _verdict(self, check: FidelityCheck[Scene], draft: Draft, guidance: Guidance, scene: Scene) -> Verdict:
        name = check.name
        try:
            verdict = check(draft, guidance, scene)
            if not isinstance(verdict, Verdict) or verdict.check != name:
                verdict = conclude(name, doubts=(f"the check answered {type(verdict).__name__}, not its verdict",))
        except Exception as error:  # whatever a check stumbles over, the draft has not been judged
            said = str(error) if isinstance(error, GenerecError) else f"{type(error).__name__}: {error}"
            verdict = conclude(name, doubts=(f"the check broke: {said[:200]}",))
        return self._graded(verdict, draft.payload.kind)

    def _graded(self, verdict: Verdict, kind: str) -> Verdict:
        return replace(verdict, severity=self.policy.severity(kind, verdict.check))
