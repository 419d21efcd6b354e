"""What all tests share: how Hypothesis looks for counterexamples on slow, shared machines."""

import os

from hypothesis import HealthCheck, Phase, settings

# A test asserts behaviour, not time: a slow machine is no counterexample.
settings.register_profile(
    "shared", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# Where nobody watches, the same examples each time; elsewhere fresh ones, so that more is tried.
settings.register_profile("ci", settings.get_profile("shared"), derandomize=True)
# For `tools/mutants.py`, to which one counterexample is as good as another.
settings.register_profile(
    "unshrunk",
    settings.get_profile("shared"),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
settings.load_profile("ci" if os.environ.get("CI") else "shared")
