"""What somebody is woken with, in the language that they are spoken to in: the SMS, and what is said in a call.

The words are texts as all others (`countries/texts`, name `duty`), drafts among them: an officer asked for the language, and has the
English at the console. Where a language has not all of them, or none can be made of it, it is English, and never nothing: a text that
somebody spoilt must not let them sleep.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import grapheme
from sqlalchemy import Connection, select

from alerts import ledger
from alerts.duty_words import DUTY, Duty
from alerts.languages import in_digits, languages
from alerts.marks import marked
from alerts.originated import PREFIX, is_originated
from alerts.rendering import NONE, budget_of, place_name
from alerts.roster.causes import FEED, PROPOSAL, SENT
from alerts.roster.ladder import Way
from alerts.roster.wakings import Waking
from alerts.segments import measure
from alerts.tables import feed_answers, lives
from alerts.texts import NAME, SOURCE_LANGUAGE, Catalogue
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.outputs import CompoundEvent

_OF_MESSAGES = {PROPOSAL: Duty.PROPOSAL, SENT: Duty.BY_AGREEMENT}
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Worded:
    """What an SMS or a call says. language: the one it is really in."""

    language: str
    body: str


@dataclass(frozen=True)
class About:
    """What somebody is woken for, before there is a language.

    Attributes:
        kind: of the text that says it. hazard: the name of the texts in which the rule speaks. since: when a feed answered last, or from
            when it is waited for. ever: whether it ever did.
    """

    kind: Duty
    rule: str = ""
    hazard: str = ""
    level: str = ""
    area: str = ""
    feed: str = ""
    since: datetime | None = None
    ever: bool = True


class Wording:
    """Puts a country's wakings into words.

    Args:
        exercise: what is read and heard says first and last that it is one.

    Raises:
        ConfigurationError: a file of texts cannot be read.
    """

    def __init__(self, country: LoadedCountry, *, exercise: bool = False) -> None:
        self._country, self._exercise = country, exercise
        self._catalogue = Catalogue.load(country.folder)

    def language_for(self, own: str) -> str:
        """In which language somebody is woken who chose one, or none: as on the console's pages, the country's then."""
        return own or self._country.facts.console_language or SOURCE_LANGUAGE

    def has(self, language: str) -> bool:
        """Whether all that wakes somebody can be said in a language."""
        return all(self._catalogue.get(language, DUTY, kind) is not None for kind in Duty)

    def of(
        self, connection: Connection, waking: Waking, way: Way, beside: int, language: str, speaks: Callable[[str], bool] = lambda _: True
    ) -> Worded:
        """What an SMS or a call says of a waking and so many more things of the kind.

        Args:
            language: that the person is spoken to in. speaks: whether whoever calls can say something in a language.
        """
        return self.said(about(connection, self._country, waking), waking, way, beside, language, speaks)

    def said(
        self, of: About | None, waking: Waking, way: Way, beside: int, language: str, speaks: Callable[[str], bool] = lambda _: True
    ) -> Worded:
        """The same of what is known of a waking; none if that is nothing but what was kept."""
        wished = [tag for tag in (language, SOURCE_LANGUAGE) if self.has(tag) and (way is Way.SMS or speaks(tag))]
        for tag in dict.fromkeys(wished):
            try:
                what = self._what(of, waking, tag)
                return Worded(tag, self._call(what, beside, tag) if way is Way.CALL else self._sms(waking, what, beside, tag))
            except ConfigurationError as error:
                _LOGGER.error("nobody can be woken in `%s`: %s", tag, error)  # noqa: TRY400 - what is wrong stands in it
        plain = f"POLYRISK {self._country.code} {waking.code}: {waking.text}"
        return Worded(SOURCE_LANGUAGE, marked(plain, SOURCE_LANGUAGE, exercise=self._exercise))

    def what(self, connection: Connection, waking: Waking, language: str) -> str:
        """What somebody is woken for, in a language or in English; as it was kept if what it is about is not known any more."""
        of = about(connection, self._country, waking)
        return self._what(of, waking, language if self.has(language) else SOURCE_LANGUAGE)

    def beside_the_call(self, kind: Duty, language: str) -> str:
        """What is said in a call beside what it is about.

        Raises:
            ConfigurationError: not even the English has it.
        """
        return self._render(kind, {}, language)

    def telephone_code(self, code: str, minutes: int, language: str) -> str:
        """The SMS with the code by which a telephone is one's own; its digits are those that keys have.

        Args:
            minutes: how long it is good.

        Raises:
            ConfigurationError: not even the English has it.
        """
        tag = language if self.has(language) else SOURCE_LANGUAGE
        digits = languages()[tag].digits if tag in languages() else "latn"
        given = {"code": code, "minutes": in_digits(str(minutes), digits), "country": self._country.code}
        return marked(self._render(Duty.TELEPHONE_CODE, given, tag), tag, exercise=self._exercise)

    def _what(self, of: About | None, waking: Waking, language: str) -> str:
        if of is None:
            return waking.text
        return self._render(of.kind, self._arguments(of, waking, language), language)

    def _arguments(self, of: About, waking: Waking, language: str) -> dict[str, str]:
        digits = languages()[language].digits if language in languages() else "latn"
        given = {"level": of.level, "ever": "yes" if of.ever else "no", "place": place_name(self._country, of.area, language)}
        given |= {"rule": self._rule(of, language), "to": self._called(waking.to_role, language) or NONE}
        if of.since is not None:
            given["feed"] = self._called(of.feed, language)
            given["since"] = in_digits(of.since.astimezone(self._country.timezone).strftime("%d/%m %H:%M"), digits)
        return given

    def _rule(self, of: About, language: str) -> str:
        """What a rule is called in a language: by the country, else by its danger; in English by its name in the files."""
        called = self._country.facts.called.get(language, {}).get(of.rule, "")
        if called:
            return called
        name = self._catalogue.get(language, of.hazard, NAME)
        if name is not None and (language != SOURCE_LANGUAGE or is_originated(of.rule)):
            return name.text
        return of.rule.removeprefix(PREFIX).replace("_", " ")

    def _called(self, name: str, language: str) -> str:
        return self._country.facts.called.get(language, {}).get(name, "") or name.replace("_", " ")

    def _call(self, what: str, beside: int, language: str) -> str:
        given = {"what": what, "country": self._name(language), "more": self._more(beside, language)}
        return marked(self._render(Duty.CALL, given, language), language, exercise=self._exercise)

    def _sms(self, waking: Waking, what: str, beside: int, language: str) -> str:
        """The SMS within its language's budget: what is cut is what somebody is woken for, never the code."""
        budget, letters = budget_of(self._country, language), list(grapheme.graphemes(what))
        given = {"country": self._country.code, "code": waking.code, "more": self._more(beside, language)}
        for length in range(len(letters), -1, -1):
            shown = what if length == len(letters) else "".join(letters[:length]).rstrip() + "..."
            body = marked(self._render(Duty.SMS, {**given, "what": shown}, language), language, exercise=self._exercise)
            if measure(body).segments <= budget:
                break
        return body

    def _more(self, beside: int, language: str) -> str:
        known = languages().get(language)
        return in_digits(str(beside), known.digits if known is not None else "latn") if beside else NONE

    def _name(self, language: str) -> str:
        return self._country.facts.names.get(language, self._country.name)

    def _render(self, kind: Duty, given: dict[str, str], language: str) -> str:
        return self._catalogue.nearest((language, SOURCE_LANGUAGE), DUTY, kind).render(given)


def about(connection: Connection, country: LoadedCountry, waking: Waking) -> About | None:
    """What a waking is about; none if that is not known any more, or nobody wrote words for it."""
    if waking.kind == FEED:
        row = connection.execute(select(feed_answers).where(feed_answers.c.feed == waking.subject)).first()
        return About(Duty.FEED, feed=waking.subject, since=row.answered_at, ever=row.ever) if row is not None else None
    if waking.kind in _OF_MESSAGES:
        loaded = ledger.load_message(connection, waking.subject)
        if loaded is None:
            return None
        warning = loaded[0]
        return About(_OF_MESSAGES[waking.kind], warning.rule, _hazard(country, warning.rule), warning.level.word, warning.area)
    if waking.kind in (Duty.UNAUTHORISED, Duty.SUSPENDED):
        return About(Duty(waking.kind))
    content = connection.execute(select(lives.c.latest).where(lives.c.warning == waking.subject)).scalar()
    if content is None or waking.kind not in set(Duty):
        return None
    event = CompoundEvent.model_validate_json(content)
    return About(Duty(waking.kind), event.rule, _hazard(country, event.rule), event.level.word, event.area)


def _hazard(country: LoadedCountry, rule: str) -> str:
    """The name of the texts in which a rule speaks."""
    if is_originated(rule):
        return rule.removeprefix(PREFIX)
    return next((one.text for one in country.configuration.rules if one.name == rule), "")
