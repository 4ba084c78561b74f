"""Accounts of people on duty, and how they sign in."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table, UniqueConstraint

from alerts.tables.columns import Utc, metadata

officers = Table(
    "officers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name_key", String(80), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("display", String(120), nullable=False),
    Column("password", String(200), nullable=False),
    Column("state", String(10), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("set_up_at", Utc),
    Column("language", String(20), nullable=False, server_default=""),
)
"""Accounts of people on duty. The password is a hash of Argon2id; it is empty until its owner has set one. `set_up_at` is when they first
had set it and a second factor. The language (BCP 47) is empty until its owner has chosen one."""

officer_grants = Table(
    "officer_grants",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("duty_role", String(40), nullable=False),
    Column("country", String(3), nullable=False),
    Column("area", String(40), nullable=False),
    Column("granted_at", Utc, nullable=False),
    Column("granted_by", String(80), nullable=False),
    UniqueConstraint("officer", "role", "duty_role", "country", "area"),
)
"""Who may act as what, and where: the area is empty for the whole country, the role of `country.yaml` where none is needed."""

officer_second_factors = Table(
    "officer_second_factors",
    metadata,
    Column("officer", String(40), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("since", Utc, nullable=False),
)
"""The secret of an account's authenticator, encrypted, and the half minute of the last code that was taken."""

officer_recovery_codes = Table(
    "officer_recovery_codes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
)
"""Codes for who has lost the authenticator, as SHA-256; one that was used is deleted."""

officer_sessions = Table(
    "officer_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("stage", String(20), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, info={"kept_days": 1}),
)
"""Who is signed in, and who has only given the password; of the cookie's value the SHA-256 alone."""

officer_visits = Table(
    "officer_visits",
    metadata,
    Column("officer", String(40), primary_key=True),
    Column("began_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False, info={"kept_days": 90}),
    Column("before_at", Utc),
)
"""When an account's visit to the console began, when it last asked for a page, and when the visit before that ended."""

officer_links = Table(
    "officer_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("created_by", String(80), nullable=False),
    Column("expires_at", Utc, nullable=False, info={"kept_days": 1}),
)
"""One-time codes with which a password and an authenticator are set, as SHA-256."""

officer_identities = Table(
    "officer_identities",
    metadata,
    Column("identity", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("linked_at", Utc, nullable=False),
    Column("linked_by", String(80), nullable=False),
)
"""Who signs in by a service elsewhere, as SHA-256 of its address and of what it calls the person."""

officer_tries = Table(
    "officer_tries",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("account", String(64), nullable=False, index=True),
    Column("address", String(64), nullable=False, index=True),
    Column("at", Utc, nullable=False, info={"kept_days": 1}),
)
"""Tries to sign in that failed or are being judged, by HMACs of what and from where: a password may be typed as a name."""
