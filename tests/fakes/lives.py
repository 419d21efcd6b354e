"""Lives one after another on a recorded disk, each beginning where the power went in the last."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.fakes.powerloss import Crash, Image, Medium

Live = Callable[[Medium, random.Random], None]
"""Do something on the medium, and note there what the world was told."""
Check = Callable[[Path, list[object]], int]
"""Open what a cut left in a directory, hold it against what was told, and return its size."""


class LostError(AssertionError):
    """What was acknowledged is not there, or what is there is not whole."""


class Chain:
    """Lives one after another. At `largest` the disk begins anew; what was lost is `kept`."""

    def __init__(
        self,
        root: Path,
        kept: Path,
        live: Live,
        check: Check,
        *,
        largest: int,
        goes_on: bool = True,
    ) -> None:
        """Without `goes_on` each life begins with nothing."""
        self._root, self._kept, self._largest, self._goes_on = root, kept, largest, goes_on
        self._live, self._check = live, check
        self._seed = seed = random.SystemRandom().getrandbits(32)
        self._chance = random.Random(seed)  # noqa: S311 - when the power goes is no secret
        self._image, self._told, self._lives = Image(), list[object](), 0
        self.crashes = 0
        self.told: list[object] = []
        """What had been told before the cuts that lost nothing, each as often as it was cut."""
        self.sizes: set[int] = set()
        self.lost: list[str] = []

    def live(self, cuts: int) -> None:
        """Live once, cut the power at so many moments, and go on from one of them."""
        self._lives += 1
        chance = self._chance
        medium = Medium(self._root / f"life-{self._lives}", self._image)
        self._live(medium, chance)
        shutil.rmtree(medium.root)
        crash, end = Crash(medium), len(medium.events)
        moments = sorted(chance.randint(0, end) for _ in range(cuts))
        goes_on, following = chance.randrange(cuts), (Image(), list[object]())
        for number, moment in enumerate(moments):
            crash.advance(moment)
            image, told = crash.image(chance), [*self._told, *crash.notes]
            size = self._cut(image, told, f"life {self._lives}, event {moment} of {end}")
            fits = self._goes_on and size is not None and size < self._largest
            if number == goes_on and fits:
                following = (image, told)
        self._image, self._told = following

    def _cut(self, image: Image, told: list[object], when: str) -> int | None:
        self.crashes += 1
        directory = self._root / "cut"
        image.restore(directory)
        try:
            size = self._check(directory, told)
        except LostError as error:
            # Threads take turns as they like: the image repeats a failure, the seed but nearly.
            kept = self._kept / f"lost-{len(self.lost)}"
            image.restore(kept)
            self.lost.append(f"seed {self._seed}, {when}: {error} (the image is in {kept})")
            return None
        finally:
            shutil.rmtree(directory)
        self.told += told
        self.sizes.add(size)
        return size


def in_memory() -> tempfile.TemporaryDirectory[str]:
    """Return a directory in memory where that can be: nothing here needs a real disk."""
    memory = Path("/dev/shm")  # noqa: S108 - a directory of its own in there
    return tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
