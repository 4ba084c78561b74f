"""View models to HTML, with the one style sheet inside and a policy that lets nothing else in."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from alerts.officers.accounts import is_administrator
from alerts.officers.officer import Officer
from console.changes import Changes
from console.code_words import end_word, grant_words, need_word, place_word, role_word, silence_words, standing_word
from console.colours import DAY, LEVELS, NIGHT, PALE_LABEL
from console.interface.catalogues import catalogues
from console.interface.recognising import recognised
from console.interface.speaking import catalogue, fixed, in_markup, in_own_digits, number
from console.local_time import LocalTime
from console.map_shapes import CountryMap, labels
from console.names import Names, colour, language_name
from console.rules_table import column_word
from console.view import Head, Overview, WarningPage
from schemas.country_files import LoadedCountry

TEMPLATES = Path(__file__).parent / "templates"
ABOVE = b"<!--officer-->"
"""Where a page says who is signed in."""
CHANGED = b"<!--changes-->"
"""Where the first page says what has changed for its reader."""


class Pages:
    """The templates of one country."""

    def __init__(self, country: LoadedCountry, shapes: CountryMap) -> None:
        self._country, self._shapes = country.code, shapes
        self._clock = LocalTime(country.timezone)
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._style = style_sheet(self._environment)
        self.headers = _headers(self._style)
        self._environment.globals.update(
            style=self._style, clock=self._clock, map=shapes, shapes={a.code: a for a in shapes.areas}, country=country,
            link=self._link, since=self._since, moment=self._moment, levels=tuple(LEVELS),
            level_word=lambda word: Names(country).level_word(word),
            _=in_markup, told=recognised, number=number, fixed=fixed, own_digits=in_own_digits, spoken=catalogue, offered=catalogues,
            colour=colour, language_name=language_name, need_word=need_word, standing_word=standing_word,
            role_word=role_word, end_word=end_word, place_word=place_word, grant_words=grant_words,
            column_word=column_word, in_words=lambda silence: silence_words(silence, Names(country)),
            country_name=lambda: Names(country).of_country(),
        )  # fmt: skip

    def overview(self, view: Overview) -> str:
        """The first page."""
        named = labels(self._shapes, ((d.code, d.name, d.event) for d in view.districts))
        return self._environment.get_template("overview.html").render(view=view, head=view.head, view_labels=named)

    def warning(self, page: WarningPage) -> str:
        """The page of a warning."""
        return self._environment.get_template("warning.html").render(view=page.warning, series=page.series, head=page.head)

    def of_officer(self, page: str, **shown: Any) -> str:
        """A page of signing in, or of an account."""
        return self._environment.get_template(f"{page}.html").render(**shown)

    def with_officer(self, body: bytes, officer: Officer | None) -> bytes:
        """A page, which may be kept for all, with who is signed in above it."""
        return body.replace(ABOVE, self.above(officer), 1)

    def above(self, officer: Officer | None) -> bytes:
        """Who is signed in, in one line, with what they may do; nothing if nobody is."""
        if officer is None:
            return b""
        administers = is_administrator(officer, self._country)
        return self._environment.get_template("officer.html").render(officer=officer, administers=administers).encode()

    def changes(self, changes: Changes | None, at: datetime, *, newest: bool, first: bool, spans: Sequence[tuple[str, timedelta]]) -> str:
        """What stands on the first page for one reader: what has changed, or none; `first`: they have not been here before."""
        head = Head("", "", at, newest, False, (), ())
        return self._environment.get_template("changes.html").render(changes=changes, head=head, first=first, spans=spans)

    def with_changes(self, body: bytes, changed: bytes) -> bytes:
        """The first page, which may be kept for all, with what has changed for this reader."""
        return body.replace(CHANGED, changed, 1)

    def render(self, template: str, **values: object) -> str:
        """A page of another template."""
        return self._environment.get_template(template).render(**values)

    def failed(self, what: str, remedy: str) -> str:
        """A page that says what went wrong, and what to do."""
        return self._environment.get_template("failed.html").render(what=what, remedy=remedy)

    def _link(self, path: str, head: Head, at: datetime | None = None, message: str = "") -> str:
        """An address that stays at the moment shown, unless that is the newest."""
        moment = at or (None if head.newest else head.at)
        query = ([("message", message)] if message else []) + ([("at", self._clock.machine(moment))] if moment is not None else [])
        return quote(path) + (f"?{urlencode(query, safe=':')}" if query else "")

    def _since(self, head: Head, since: datetime) -> str:
        """The address of the first page with what has changed since a moment."""
        here = self._link("/", head)
        return f"{here}{'&' if '?' in here else '?'}{urlencode([('since', self._clock.machine(since))], safe=':')}"

    def _moment(self, moment: datetime, short: bool = False) -> Markup:
        """A moment on the local clock, with UTC for who points at it."""
        words = self._clock.clock(moment) if short else self._clock.text(moment)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(self._clock.machine(moment), self._clock.utc(moment), words)


def _headers(style: str) -> dict[str, str]:
    """Nothing from elsewhere, no script, nothing framed, no address told to others; the style is allowed by its own hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'self'; script-src 'none'; object-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # without any, a browser does not say where a form of ours comes from
        "vary": "Accept-Encoding",
    }


def style_sheet(environment: Environment) -> str:
    """The style sheet with the table of colours filled in."""
    return environment.get_template("style.css").render(levels=LEVELS, pale_label=PALE_LABEL, day=DAY, night=NIGHT)
