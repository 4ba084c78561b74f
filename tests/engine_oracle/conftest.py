"""Bounded and repeatable: the examples are derived from the tests' own names, and a failing one is shown as it was found.

POLYRISK_EXAMPLES asks for another number of examples, and then for the smallest failing one too, which may take minutes.
"""

import os

from hypothesis import HealthCheck, Phase, settings

_EXAMPLES = os.environ.get("POLYRISK_EXAMPLES")

settings.register_profile(
    "engine_oracle",
    max_examples=int(_EXAMPLES or "200"),
    phases=[Phase.generate, Phase.shrink] if _EXAMPLES else [Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("engine_oracle")
