"""What the command line must know before anything heavy is loaded: the parts there are, and where and how large the demonstration is."""

from pathlib import Path

PARTS = ("ticker", "processor", "alerts", "console", "listener", "airflow")
STATE = Path("var/demo")
PORT = 8450
LISTENER_PORT = 8460
AIRFLOW_PORT = 8470
CASES = ("lka/ditwah-2025", "lka/colombo-2023", "npl/trishuli-2026")
SUBSCRIBERS = {"ditwah-2025": 20_000, "colombo-2023": 2_000, "trishuli-2026": 2_000}
"""How many synthetic people each case has; the storm is the one that shows the load."""
