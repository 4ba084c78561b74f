"""The topics of the log: what travels on each, who writes and who reads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One topic. `kinds` are the record kinds that may travel on it."""

    name: str
    title: str
    kinds: tuple[str, ...]
    writer: str
    readers: tuple[str, ...]


INPUT = Topic(
    "input",
    "All that a shard's engine reads, in one order",
    ("observations", "reading", "heartbeat", "tick", "configuration", "baseline", "declaration"),
    "feeds, ticker, configuration, baselines, operators",
    ("processors",),
)
BREACHES = Topic("breaches", "Thresholds breached, held and left", ("breach",), "processors", ("console",))
EVENTS = Topic("events", "Compound events and their changes", ("event",), "processors", ("alerts", "console"))
WARNINGS = Topic(
    "warnings", "Warnings proposed, issued, updated, ended, and reviewed afterwards", ("warning", "review"), "alerts", ("console",)
)
DELIVERIES = Topic(
    "deliveries", "Counts of messages by warning, area, language and state, and of answers", ("delivery", "answer"), "alerts", ("console",)
)
DEAD_LETTERS = Topic(
    "dead_letters", "Input records that could not be taken in, each with its reason", ("dead_letter",), "processors", ("administrators",)
)
ENGINES = Topic("engines", "Which engine a shard is judged by, from when on", ("engine",), "processors", ("processors",))
JOURNAL = Topic("journal", "How far the journal of what people did had come, with its hash", ("anchor",), "alerts", ("administrators",))
TOPICS: dict[str, Topic] = {t.name: t for t in (INPUT, BREACHES, EVENTS, WARNINGS, DELIVERIES, DEAD_LETTERS, ENGINES, JOURNAL)}
