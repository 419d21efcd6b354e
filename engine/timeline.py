"""A profile as an SVG picture: one lane for each replica and each job, one bar for each span. Pure.

Readable on light and on dark, without script or font of its own; every bar says on hovering what it
is. The order of `_COLOURS` is that of the legend.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from engine.profile import RUNNING, BatchProfile, JobProfile, Phase, Profile, Span, Sums

_WIDTH: Final = 960
_LEFT: Final = 118
_RIGHT: Final = 930
_TOP: Final = 204
"""Where the lanes begin, below the heading and the shares."""
_REPLICA: Final = 40
_FEW: Final = 20
"""Jobs up to which each lane has its name."""
_GAP: Final = 18
_TICKS: Final = 8
_APART: Final = 4.0
"""Units between tokens from which they are told apart."""
_BEYOND: Final = 1.25
"""How far past the last batch a predicted end may lie to be shown, in the length of the run."""
_COLOURS: Final = {
    Phase.TOKENISE: ("#0f8b7d", "#35c4b1"),
    Phase.QUEUE: ("#c3cad3", "#48525e"),
    Phase.PREFILL: ("#e8950c", "#f2a93b"),
    Phase.DECODE: ("#2f6fd6", "#5a96f2"),
    Phase.DETOKENISE: ("#c2436b", "#ee7c9f"),
    Phase.CALLBACK: ("#7a4bc4", "#b08bf0"),
}
"""For light and for dark; told apart by people who see few colours, and in grey."""


def timeline(profile: Profile) -> str:
    """Return the picture as an SVG document."""
    picture = _Picture(profile)
    return "\n".join([*picture.head(), *picture.shares(), *picture.lanes(), "</svg>", ""])


@dataclass(frozen=True, slots=True)
class _Picture:
    profile: Profile

    @property
    def span(self) -> float:
        """Seconds from left to right."""
        whole = self.profile.seconds
        return max([whole, *(due for due in map(_due, self.profile.batches) if self._shown(due))])

    @property
    def lane(self) -> float:
        """The height of a job's lane."""
        return 20.0 if len(self.profile.jobs) <= _FEW else 11.0

    @property
    def jobs_top(self) -> float:
        return _TOP + self.profile.replicas * _REPLICA + _GAP

    @property
    def bottom(self) -> float:
        return self.jobs_top + len(self.profile.jobs) * self.lane + 4

    @property
    def height(self) -> float:
        return self.bottom + 62

    def head(self) -> Iterator[str]:
        profile = self.profile
        told = (
            f"{_count(len(profile.jobs), 'job')} in {_count(len(profile.batches), 'batch')} on "
            f"{_count(profile.replicas, 'replica')}: {_count(profile.tokens, 'token')} in "
            f"{_time(profile.seconds)}, {profile.tokens / profile.seconds:.0f} tokens/s; "
            f"prompts of {_lengths(profile)}"
        )
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {self.height:.0f}" '
            f'width="{_WIDTH}" height="{self.height:.0f}" role="img" aria-labelledby="t d" '
            'font-family="system-ui, sans-serif" font-size="12">'
        )
        yield f'<title id="t">Where the time goes: {escape(profile.model)}</title>'
        yield f'<desc id="d">{told}. {_spoken(profile)}</desc>'
        yield _style()
        yield f'<rect class="bg" width="{_WIDTH}" height="{self.height:.0f}" rx="8"/>'
        yield _text(30, 40, "Where the time goes", "h")
        yield _text(_RIGHT, 40, profile.model, "dim", anchor="end")
        yield _text(30, 62, told, "dim")

    def shares(self) -> Iterator[str]:
        """Two bars of a hundred percent each, and the legend with their figures."""
        profile = self.profile
        waited, used = profile.of_jobs, profile.of_replicas
        yield _text(_LEFT - 12, 97, "a job waits for", anchor="end")
        yield from _share(84, waited, sum(waited.values()))
        yield _text(_LEFT - 12, 123, "replicas do", anchor="end")
        yield from _share(110, used, profile.replicas * profile.seconds)
        step = (_RIGHT - _LEFT) / (len(Phase) + 1)
        for index, phase in enumerate(Phase):
            x = _LEFT + index * step
            yield f'<rect class="{phase}" x="{x:.1f}" y="142" width="10" height="10" rx="2"/>'
            yield _text(x + 15, 151, phase.value)
            whole = sum(waited.values())
            yield _text(x + 15, 167, _percent(waited[phase], whole), "dim")
            if phase in RUNNING:
                whole = profile.replicas * profile.seconds
                yield _text(x + 15, 182, _percent(used[phase], whole), "dim")
        x = _LEFT + len(Phase) * step
        yield f'<rect class="idle" x="{x:.1f}" y="142" width="10" height="10" rx="2"/>'
        yield _text(x + 15, 151, "idle")
        yield _text(x + 15, 182, _percent(profile.idle, profile.replicas * profile.seconds), "dim")
        yield _text(_LEFT - 12, 167, "of a job", "dim", anchor="end")
        yield _text(_LEFT - 12, 182, "of the replicas", "dim", anchor="end")

    def lanes(self) -> Iterator[str]:
        yield from self._axis()
        for replica in range(1, self.profile.replicas + 1):
            top = _TOP + (replica - 1) * _REPLICA
            yield _text(_LEFT - 12, top + 30, f"replica {replica}", anchor="end")
            width = self._x(self.profile.seconds) - _LEFT
            yield (
                f'<rect class="idle" x="{_LEFT}" y="{top + 17}" width="{width:.1f}" '
                'height="18" rx="3"/>'
            )
            for batch in self.profile.batches:
                if batch.replica == replica:
                    yield from self._batch(batch, top)
        for index, job in enumerate(self.profile.jobs):
            yield from self._job(job, self.jobs_top + index * self.lane)

    def _batch(self, batch: BatchProfile, top: float) -> Iterator[str]:
        start, end = self._x(batch.start), self._x(batch.end)
        label = f"batch {batch.number} · {_count(len(batch.jobs), 'job')}"
        told = (
            f"batch {batch.number}: predicted {_time(batch.predicted)}, took {_time(batch.seconds)}"
        )
        if end - start > 6.2 * len(label):
            yield _text(start + 1, top + 12, label, "dim")
        for span in batch.spans:
            yield self._bar(span, top + 17, 18, f"{told}; {span.phase} {_time(span.seconds)}")
        if self._shown(_due(batch)):
            # From below: above the bar is what the next batch is called.
            yield (
                f'<path class="due" d="M{self._x(_due(batch)):.1f} {top + 16}v21m-4 5h8l-4 -6z">'
                f"<title>{told}</title></path>"
            )

    def _job(self, job: JobProfile, top: float) -> Iterator[str]:
        every = 1 if len(self.profile.jobs) <= _FEW else 8
        if job.number == 1 or job.number % every == 0:
            middle = top + self.lane / 2 + 4
            yield _text(_LEFT - 12, middle, f"job {job.number}", anchor="end")
        sums = job.sums
        for span in job.spans:
            told = f"job {job.number}: {span.phase} {_time(span.seconds)}"
            if span.phase is Phase.DECODE:
                told += (
                    f", {_count(job.tokens, 'token')}; in it detokenise "
                    f"{_time(sums[Phase.DETOKENISE])}, callback {_time(sums[Phase.CALLBACK])}"
                )
            yield self._bar(span, top + 1.5, self.lane - 3, told)
        if self._apart(job):
            came = [self._x(each.start) for each in job.detokenise[1:]]
            ticks = "".join(f"M{x:.1f} {top + 1.5}v{self.lane - 3}" for x in came)
            yield f'<path class="token" d="{ticks}"/>'

    def _bar(self, span: Span, y: float, height: float, told: str) -> str:
        x = self._x(span.start)
        width = max(self._x(span.end) - x, 1.0)  # What took no time is seen none the less.
        return (
            f'<rect class="span {span.phase}" x="{x:.2f}" y="{y:.1f}" width="{width:.2f}" '
            f'height="{height:.1f}" rx="{min(2.0, width / 3):.1f}"><title>{told}</title></rect>'
        )

    def _axis(self) -> Iterator[str]:
        step = _step(self.span)
        unit, scale = ("s", 1.0) if step >= 0.1 else ("ms", 1000.0)  # noqa: PLR2004 - a tenth of a second
        digits = max(0, -math.floor(math.log10(step * scale) + 1e-9))
        for index in range(int(self.span / step + 1e-9) + 1):
            x = self._x(index * step)
            yield f'<path class="grid" d="M{x:.1f} {_TOP + 8}V{self.bottom:.1f}"/>'
            label = f"{index * step * scale:.{digits}f}"
            yield _text(x, self.bottom + 17, label, "dim", anchor="middle")
        middle = (_LEFT + _RIGHT) / 2
        told = f"time since the first request ({unit})"
        yield _text(middle, self.bottom + 40, told, "dim", anchor="middle")
        if any(self._shown(_due(batch)) for batch in self.profile.batches):
            yield f'<path class="due" d="M30 {self.bottom + 39:.1f}h8l-4 -6z"/>'
            yield _text(44, self.bottom + 40, "predicted end of a batch", "dim")

        if any(map(self._apart, self.profile.jobs)):
            told = "a line in a job's bar is a token"
            yield _text(_RIGHT, self.bottom + 40, told, "dim", anchor="end")

    def _x(self, moment: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * moment / self.span

    def _apart(self, job: JobProfile) -> bool:
        """Return whether there is room to show when each token came."""
        times = [self._x(each.start) for each in job.detokenise]
        return times[-1] - times[0] >= _APART * (len(times) - 1) > 0

    def _shown(self, due: float) -> bool:
        return due <= _BEYOND * self.profile.seconds


def _due(batch: BatchProfile) -> float:
    """Return when a batch was expected to end."""
    return batch.start + batch.predicted


def _share(y: float, sums: Sums, whole: float) -> Iterator[str]:
    width = _RIGHT - _LEFT
    yield f'<rect class="idle" x="{_LEFT}" y="{y}" width="{width}" height="18" rx="3"/>'
    x = float(_LEFT)
    for phase, seconds in sums.items():
        part = width * seconds / whole
        if part > 0:
            yield (
                f'<rect class="share {phase}" x="{x:.2f}" y="{y}" width="{part:.2f}" height="18">'
                f"<title>{phase} {_percent(seconds, whole)}</title></rect>"
            )
        x += part


def _spoken(profile: Profile) -> str:
    """What the two bars show, in words."""
    waited, used = profile.of_jobs, profile.of_replicas
    whole, available = sum(waited.values()), profile.replicas * profile.seconds
    of_job = ", ".join(f"{phase} {_percent(waited[phase], whole)}" for phase in Phase)
    of_all = ", ".join(f"{phase} {_percent(used[phase], available)}" for phase in RUNNING)
    idle = _percent(profile.idle, available)
    return f"Of a job's time: {of_job}. Of the replicas' time: {of_all}, idle {idle}."


def _style() -> str:
    def rules(theme: int) -> str:
        return " ".join(f".{phase} {{ fill: {both[theme]} }}" for phase, both in _COLOURS.items())

    return f"""<style>
.bg {{ fill: #ffffff }} text {{ fill: #1f2328 }} .dim {{ fill: #57606a }} .idle {{ fill: #eef1f4 }}
.h {{ font-size: 19px; font-weight: 600 }} .grid {{ stroke: #d8dee4; fill: none }}
.due {{ stroke: #1f2328; fill: #1f2328 }} .token {{ stroke: #ffffff; stroke-opacity: 0.45 }}
text {{ font-variant-numeric: tabular-nums }}
{rules(0)}
@media (prefers-color-scheme: dark) {{
.bg {{ fill: #0d1117 }} text {{ fill: #e6edf3 }} .dim {{ fill: #9aa4ae }} .idle {{ fill: #1b222b }}
.grid {{ stroke: #2a323c }} .due {{ stroke: #e6edf3; fill: #e6edf3 }} .token {{ stroke: #0d1117 }}
{rules(1)}
}}
</style>"""


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text{named} x="{x:.1f}" y="{y:.1f}"{placed}>{escape(words)}</text>'


def _step(seconds: float) -> float:
    """Return a round distance of ticks, so that there are at most `_TICKS` after zero."""
    least = seconds / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.01:  # noqa: PLR2004 - ten milliseconds
        return f"{1000 * seconds:.0f} ms"
    if seconds >= 0.001:  # noqa: PLR2004 - a millisecond
        return f"{1000 * seconds:.1f} ms"
    return f"{1e6 * seconds:.0f} µs"


def _percent(part: float, whole: float) -> str:
    share = 100 * part / whole
    if 0 < share < 0.01:  # noqa: PLR2004 - a hundredth of a percent
        return "under 0.01 %"
    return f"{share:.0f} %" if share >= 10 or share == 0 else f"{share:.2g} %"  # noqa: PLR2004 - two digits


def _lengths(profile: Profile) -> str:
    lengths = [job.prompt_tokens for job in profile.jobs]
    least, most = min(lengths), max(lengths)
    return _count(most, "token") if least == most else f"{least:,} to {most:,} tokens"


def _count(number: int, name: str) -> str:
    plural = {"batch": "batches"}.get(name, f"{name}s")
    return f"{number:,} {name if number == 1 else plural}"
