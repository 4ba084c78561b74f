"""The tables of the registry, a file for each subject: people, warnings and their life, messages, officers, duty, steps. Never in the log.

Written once for SQLite and PostgreSQL; a change of a table is a revision in `alerts/migrations/versions`. The number of a person stands in
`subscribers.number` alone, encrypted. A table that says something of a person names them by the registry's id in a column `subscriber`,
or by `number_index`: what is held about a number is found, given out and erased by these columns (`alerts.people.own_data`). A column of
moments with `info={"kept_days": n}` says how long its rows are kept (`alerts.retention`).
"""

from alerts.tables.accounts import (
    officer_grants,
    officer_identities,
    officer_links,
    officer_recovery_codes,
    officer_second_factors,
    officer_sessions,
    officer_tries,
    officer_visits,
    officers,
)
from alerts.tables.columns import Utc, metadata
from alerts.tables.duty import (
    duty_shifts,
    feed_answers,
    handover_notes,
    officer_telephones,
    previews,
    telephone_codes,
    wake_tries,
    wakings,
)
from alerts.tables.people import answer_counts, answers, inbox, inbox_payloads, subscribers, suppressions, voices
from alerts.tables.sending import delivery_counts, earlier_attempts, messages, recounts, restores, stops, withheld
from alerts.tables.steps import journal, notices, outbox, processed, version
from alerts.tables.warning_lives import bodies, by_agreement, lives, originated, signatures, silenced, silences, warnings

__all__ = [
    "Utc",
    "answer_counts",
    "answers",
    "bodies",
    "by_agreement",
    "delivery_counts",
    "duty_shifts",
    "earlier_attempts",
    "feed_answers",
    "handover_notes",
    "inbox",
    "inbox_payloads",
    "journal",
    "lives",
    "messages",
    "metadata",
    "notices",
    "officer_grants",
    "officer_identities",
    "officer_links",
    "officer_recovery_codes",
    "officer_second_factors",
    "officer_sessions",
    "officer_telephones",
    "officer_tries",
    "officer_visits",
    "officers",
    "originated",
    "outbox",
    "previews",
    "processed",
    "recounts",
    "restores",
    "signatures",
    "silenced",
    "silences",
    "stops",
    "subscribers",
    "suppressions",
    "telephone_codes",
    "version",
    "voices",
    "wake_tries",
    "wakings",
    "warnings",
    "withheld",
]
