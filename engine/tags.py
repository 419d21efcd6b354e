"""Labels of tokens, and the best sequence of them that makes sense. Pure.

Labels are BIOES (begin, inside, end, single, outside; Ratinov and Roth 2009), all four of a type
and one `O`; or plain: a type for each token and `O`, where any sequence makes sense.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.decoder import Array

OUTSIDE: Final = "O"
_PREFIXES: Final = ("B", "I", "E", "S")
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A set of labels, and which may follow which. Raises `ValueError` for labels that are neither.

    `types` are without prefix, in the order of the labels, `O` not among them.
    """

    labels: tuple[str, ...]
    types: tuple[str, ...] = field(init=False)
    follows: Bools = field(init=False, repr=False, compare=False)
    """`[label, next label]`."""
    begins: Bools = field(init=False, repr=False, compare=False)
    """Which labels may come first."""
    ends: Bools = field(init=False, repr=False, compare=False)
    """Which labels may come last."""
    goes_on: Bools = field(init=False, repr=False, compare=False)
    """After which labels the next of the type is of the same thing. A plain type may both begin and
    end: neighbours of one type are one thing."""
    type_of: Ints = field(init=False, repr=False, compare=False)
    """For each label the index of its type; -1 for `O`."""
    outside: int = field(init=False, compare=False)
    """The index of `O`."""

    def __post_init__(self) -> None:
        split = [_split(label) for label in self.labels]
        types = tuple(dict.fromkeys(kind for _, kind in split if kind))
        wanted = {(prefix, kind) for kind in types for prefix in _PREFIXES}
        plain = {("", kind) for kind in types}
        found = set(split) - {("", "")}
        if len(set(split)) != len(split) or ("", "") not in split or found not in [wanted, plain]:
            raise ValueError("labels are `O` and plain types, or `O` and B-, I-, E-, S- of each")
        opened = np.array([prefix in {"B", "I"} for prefix, _ in split])
        inner = np.array([prefix in {"I", "E"} for prefix, _ in split])
        index = np.array([types.index(kind) if kind else -1 for _, kind in split])
        same = index[:, None] == index[None, :]
        values = {
            "types": types,
            # What is open goes on in its own type; what is closed is followed by what opens.
            "follows": np.where(opened[:, None], inner[None, :] & same, ~inner[None, :]),
            "begins": ~inner,
            "ends": ~opened,
            "goes_on": opened | np.array([not prefix for prefix, _ in split]),
            "type_of": index,
            "outside": split.index(("", "")),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)


def _split(label: str) -> tuple[str, str]:
    if label == OUTSIDE:
        return "", ""
    prefix, hyphen, kind = label.partition("-")
    return (prefix, kind) if hyphen and prefix in _PREFIXES and kind else ("", label)


def best(scores: Array, scheme: Scheme) -> Ints:
    """Return the labels, `[tokens]`, with the highest sum of `scores` that make sense.

    `scores` is `[tokens, labels]`, in logits: what all labels of a token share changes nothing. By
    Viterbi, where the best label of each token by itself does not make sense, and as far around as
    it could change anything; elsewhere nothing can be better.
    """
    if not len(scores):
        return np.zeros(0, dtype=np.intp)
    greedy: Ints = scores.argmax(axis=1)
    broken = _broken(greedy, scheme)
    if not len(broken):
        return greedy
    outside = greedy == scheme.outside
    found, loss = _mended(scores, greedy, broken, outside, scheme)
    # No sequence that makes sense loses less to the best labels than the very best one does, so
    # one whose change alone would cost more than this one loses in all is outside for certain.
    others = scores.copy()
    others[:, scheme.outside] = -np.inf
    certain = outside & (scores[:, scheme.outside] - others.max(axis=1) > loss)
    if bool((certain == outside).all()):
        return found
    return _mended(scores, greedy, broken, certain, scheme)[0]


def _broken(labels: Ints, scheme: Scheme) -> Ints:
    """Return the tokens whose label cannot follow the one before it, or cannot end; in order."""
    bad = np.zeros(len(labels), dtype=np.bool_)
    bad[1:] = ~scheme.follows[labels[:-1], labels[1:]]
    bad[0] = not scheme.begins[labels[0]]
    bad[-1] |= not scheme.ends[labels[-1]]
    return np.flatnonzero(bad)


def _mended(
    scores: Array, greedy: Ints, broken: Ints, fixed: Bools, scheme: Scheme
) -> tuple[Ints, float]:
    """Return the best sequence that is `O` where `fixed`, and what it loses to `greedy`."""
    walls = np.flatnonzero(fixed)
    found, loss, done = greedy.copy(), 0.0, 0
    for place in broken.tolist():
        if place < done:
            continue
        # The token that breaks, or the one before it: between the walls around them.
        left = int(np.searchsorted(walls, place - 1 if fixed[place] else place))
        start = int(walls[left - 1]) + 1 if left else 0
        end = int(walls[left]) if left < len(walls) else len(scores)
        part = scores[start:end]
        found[start:end] = _viterbi(part, scheme)
        rows = np.arange(len(part))
        loss += float((part[rows, greedy[start:end]] - part[rows, found[start:end]]).sum())
        done = end + 1
    return found, loss


def _viterbi(scores: Array, scheme: Scheme) -> Ints:
    barred = np.where(scheme.follows, 0.0, -np.inf)
    path = np.where(scheme.begins, scores[0].astype(np.float64), -np.inf)
    came = np.zeros(scores.shape, dtype=np.intp)
    for place in range(1, len(scores)):
        ways = path[:, None] + barred
        came[place] = ways.argmax(axis=0)
        path = ways.max(axis=0) + scores[place]
    path = np.where(scheme.ends, path, -np.inf)
    found = np.zeros(len(scores), dtype=np.intp)
    found[-1] = path.argmax()
    for place in range(len(scores) - 1, 0, -1):
        found[place - 1] = came[place, found[place]]
    return found


def spans(labels: Ints, scheme: Scheme) -> Iterator[tuple[int, int, int]]:
    """Yield first token, token past the end, and index of the type of each thing that is named."""
    kinds = scheme.type_of[labels]
    named = kinds >= 0
    goes_on = (kinds[:-1] == kinds[1:]) & scheme.goes_on[labels[:-1]]
    first, last = named.copy(), named.copy()
    first[1:] &= ~goes_on
    last[:-1] &= ~goes_on
    starts = np.flatnonzero(first)
    yield from zip(
        starts.tolist(), (np.flatnonzero(last) + 1).tolist(), kinds[starts].tolist(), strict=True
    )


def certainty(scores: Array, scheme: Scheme) -> Array:
    """Return the probability of each type for each token, `[tokens, types]`."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    shifted /= shifted.sum(axis=1, keepdims=True)
    by_type = np.argsort(scheme.type_of, kind="stable")
    begins = np.searchsorted(scheme.type_of[by_type], np.arange(len(scheme.types)))
    # Sums and no product: BLAS would share that of a long text with threads of its own.
    return np.add.reduceat(shifted[:, by_type], begins, axis=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Some tokens of a text that are run together, and those of them whose result is kept."""

    start: int
    end: int
    first: int
    last: int
    """One past the last kept."""


def windows(
    count: int, size: int, overlap: int, ends: Sequence[Sequence[int]] = ()
) -> Sequence[Window]:
    """Return windows of at most `size` tokens over `count`, each token kept once, in order.

    A window ends where the text does something of its own: `ends` are such places, as tokens in
    order, those that part most first and those in mid-sentence last. Only where a window is cut at
    one of the last, or at none, do neighbours share tokens, `overlap` of them where at none.
    """
    if not 0 <= overlap < size:
        raise ValueError("an overlap is shorter than its window")
    if not ends or count <= size:
        return _equal(count, size, overlap)
    cut: list[Window] = []
    start = first = 0
    while count - start > size:
        left = count - start
        # As long as the others will be, if nothing of the text's own decided.
        even = start + -(-left // -(-left // size))
        place, shared = _end(start, even, size, overlap, ends)
        cut.append(Window(start, place + shared, first, place))
        start, first = place - shared, place
    return (*cut, Window(start, count, first, count))


def _end(
    start: int, even: int, size: int, overlap: int, ends: Sequence[Sequence[int]]
) -> tuple[int, int]:
    """Return where a window is cut, and how many tokens it has in common on each side of that."""
    for places in ends:
        shared = min(overlap, size // 2) // 2 if places is ends[-1] else 0
        low = bisect_right(places, start + size // 2)
        near = places[low : bisect_right(places, start + size - shared)]
        if near:
            return min(near, key=lambda place: abs(place - even)), shared
    shared = min(overlap, size // 2) // 2
    return start + size - shared, shared


def _equal(count: int, size: int, overlap: int) -> Sequence[Window]:
    """Return as few windows as can be, all of one length.

    Neighbours share at least `overlap` tokens and each keeps its half, so a token is seen with half
    an `overlap` of text on both sides, or with all there is.
    """
    if count <= size:
        return (Window(0, count, 0, count),) if count else ()
    number = -(-(count - overlap) // (size - overlap))
    length = -(-(count + (number - 1) * overlap) // number)
    starts = [round(index * (count - length) / (number - 1)) for index in range(number)]
    cuts = [0, *((starts[i] + length + starts[i + 1]) // 2 for i in range(number - 1)), count]
    return tuple(
        Window(start, start + length, first, last)
        for start, first, last in zip(starts, cuts, cuts[1:], strict=False)
    )
