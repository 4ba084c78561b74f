"""Warnings through their life: what was proposed, by whom it was signed, agreed on, written or held back, and its texts."""

from sqlalchemy import Boolean, Column, Float, Integer, String, Table, Text, UniqueConstraint, false

from alerts.tables.columns import Utc, metadata

lives = Table(
    "lives",
    metadata,
    Column("warning", String(80), primary_key=True),
    Column("event", String(250), nullable=False, unique=True),
    Column("rule", String(80), nullable=False),
    Column("area", String(40), nullable=False, index=True),
    Column("told", Boolean, nullable=False, index=True),
    Column("level", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("unconfirmed", Boolean, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("last_issued", Utc),
    Column("expires", Utc),
    Column("latest", Text, nullable=False),
    Column("held", Boolean, nullable=False, server_default=false(), index=True),
    Column("ended", Integer, nullable=False, server_default="0"),
    Column("began", Utc),
    Column("left_to", String(80), index=True),
)

warnings = Table(
    "warnings",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("warning", String(80), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("audience", String(20), nullable=False),
    Column("area", String(40), nullable=False),
    Column("stage", String(20), nullable=False, index=True),
    Column("content", Text, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("people", Integer, nullable=False),
    Column("escalate_at", Utc),
    Column("escalations", Integer, nullable=False),
    Column("level", Integer, nullable=False, server_default="0"),
    Column("issued", Utc),
    Column("late_at", Utc),
    Column("wait_until", Utc),
    Column("approved", String(64), nullable=False, server_default=""),
)
"""`level` is the one that quiet hours and damping go by: of an end, the one that people were told last. `late_at`: from when on a message
says that it is late. `wait_until`: the end of the quiet hours that hold it. `approved`: the digest of what was let out
(`alerts.approvals`); empty of what went out before there was one."""

signatures = Table(
    "signatures",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("by", String(80), primary_key=True),
    Column("role", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("digest", String(64), nullable=False, server_default=""),
    Column("recipients", Integer),
    Column("cost", Float),
    UniqueConstraint("message", "role", name="one_signature_a_role"),
)
"""Signatures that hold; one that is void is taken away, and the journal keeps it."""

by_agreement = Table(
    "by_agreement",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("warning", String(80), nullable=False, index=True),
    Column("agreement", String(60), nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("cost", Float, nullable=False),
    Column("review_by", Utc, index=True),
    Column("passed_on", Integer, nullable=False),
    Column("reviewed_at", Utc),
    Column("reviewed_by", String(80)),
    Column("reviewed_as", String(80)),
    Column("judgement", String(10)),
    Column("comment", Text),
)
"""Messages that went out by agreement instead of signatures, with what that was bound to (`alerts.agreed`), and what a person said of each
afterwards. `review_by`: when one that nobody has reviewed is passed on; none once somebody has."""

originated = Table(
    "originated",
    metadata,
    Column("warning", String(80), primary_key=True),
    Column("hazard", String(80), nullable=False),
    Column("by", String(80), nullable=False),
    Column("role", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("ends", Utc, nullable=False),
)
"""Warnings that a person wrote because no rule saw the danger (`alerts.originated`); what may be a number was masked before. `ends`: until
when the newest message of it stands."""

bodies = Table(
    "bodies",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("language", String(20), primary_key=True),
    Column("need", String(12), primary_key=True, server_default=""),
    Column("body", Text, nullable=False),
    Column("segments", Integer, nullable=False),
)
"""`need`: one of `NEEDS` where a text says something more to those who have it; empty for the text that all others read."""

silences = Table(
    "silences",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("role", String(80), nullable=False),
    Column("comment", Text, nullable=False),
    Column("up_to", Integer, nullable=False),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Column("area", String(40)),
    Column("rule", String(80)),
    Column("hazard", String(80)),
    Column("ended_by", String(80)),
    Column("over", Boolean, nullable=False, index=True),
)

silenced = Table(
    "silenced",
    metadata,
    Column("silence", String(40), primary_key=True),
    Column("what", String(300), primary_key=True),
    Column("warning", String(80), nullable=False),
    Column("at", Utc, nullable=False),
)
"""What silences held back, each once."""
