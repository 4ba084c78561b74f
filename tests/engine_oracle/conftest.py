"""Bounded and repeatable: the examples are derived from the tests' own names. POLYRISK_EXAMPLES asks for more of them."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "engine_oracle",
    max_examples=int(os.environ.get("POLYRISK_EXAMPLES", "200")),
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("engine_oracle")
