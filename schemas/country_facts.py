"""What a country's team says about itself in `country.yaml`: who it is, in which languages, through which feeds, at which price, who signs.

The file holds decisions, not code. No telephone number of a person stands in it.
"""

import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from schemas.agreements import Agreement
from schemas.community_reports import Reports
from schemas.configuration import Decided, Sign
from schemas.levels import Level
from schemas.moments import Span
from schemas.warning_records import Standing

COLOURS = tuple(level.word for level in Level)


def _zone(name: str) -> str:
    """The name of a time zone that exists.

    Raises:
        ValueError: no such zone in the IANA data base.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, such as `Asia`
        raise ValueError(f"`{name}` is not an IANA time zone such as `Asia/Colombo`") from error
    return name


def _colour(word: object) -> str:
    """A colour's name, checked.

    Raises:
        ValueError: no such level.
    """
    return Level.named(word).word


TimeZone = Annotated[str, AfterValidator(_zone)]
Colour = Annotated[str, BeforeValidator(_colour)]


class Authority(Decided):
    """Who may warn the public, by law.

    Attributes:
        names: language tag to the name as it stands in messages.
        short: the few letters people know it by.
        law: the act that gives it the right.
    """

    names: dict[str, str]
    short: str
    law: str = ""


class Price(Decided):
    """What one SMS segment costs.

    Attributes:
        per_segment: in `currency` (ISO 4217).
        date: when it was asked. source: who said so. invented: true for a price that nobody was asked for, as in the demo.
    """

    per_segment: float = Field(gt=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    date: datetime.date
    source: str
    invented: bool


class SignAtLevel(Sign):
    """Who must sign at a level, in a country's table.

    Attributes:
        holds: how long a signature waits for the others that are needed; after that it is void.
    """

    holds: Span = datetime.timedelta(minutes=60)


class QuietHours(Decided):
    """When people are not woken for what can wait until the morning.

    Attributes:
        since, until: by the clock of the place; they may span midnight.
        passes: warnings of this level and above go out at any hour.
    """

    since: datetime.time = Field(alias="from")
    until: datetime.time = Field(alias="to")
    passes: Colour = "red"

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.since == self.until:
            raise ValueError("quiet_hours: they begin and end at the same time")
        return self


class Damping(Decided):
    """How often one person may hear that a warning changed or still stands. A level above what they know always passes; so does an end."""

    at_most: int = Field(ge=1)
    within: Span = datetime.timedelta(hours=1)


class Messaging(Decided):
    """How the country speaks to people, and what its networks allow.

    Attributes:
        standing: in whose name messages speak once the country warns. `official` needs the signature of a role of the authority.
        late_after: a message handed over later than this after it was issued says that it is late.
        quiet_hours: when what is not grave waits for the morning; none if nothing waits.
        damping: how often one person hears updates; none if there is no limit.
        speaks_as: language tag to the name a message ends or begins with.
        sender: at most 11 characters with a letter in it, or a short code.
        segments: language tag to the budget of one message, in segments of 153 (GSM-7) or 67 (UCS-2) characters.
        two_way: whether an answer such as STOP arrives. opt_out: language tag to the words that tell how to leave.
        channel: the way out, a module of `alerts/channels/`; `dry` sends nothing. segments_per_second: what the sender may send.
        balance_below: people on duty are told when less than this is left on the provider's account, in its own currency.
        digits: language tag to the digits of days and hours, if not those that `countries/texts/languages.yaml` names.
    """

    speaks_as: dict[str, str]
    sender: str = Field(max_length=15)
    segments: dict[str, int]
    two_way: bool
    opt_out: dict[str, str]
    digits: dict[str, Literal["latn", "deva", "beng"]] = Field(default_factory=dict)
    price: Price
    standing: Literal["advisory", "official"] = "advisory"
    late_after: Span = datetime.timedelta(minutes=30)
    quiet_hours: QuietHours | None = None
    damping: Damping | None = None
    channel: str = Field(default="dry", pattern=r"^[a-z][a-z0-9_]*$")
    segments_per_second: float = Field(default=10, gt=0)
    balance_below: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.sender.lstrip("+").isdigit() and (len(self.sender) > 11 or not any(c.isalpha() for c in self.sender)):
            raise ValueError(f"sender `{self.sender}`: an alphanumeric sender has at most 11 characters and a letter")
        if any(budget < 1 for budget in self.segments.values()):
            raise ValueError("segments: a budget is at least one segment")
        return self


class Cap(Decided):
    """How the country's warnings are named for machines that read the Common Alerting Protocol 1.2.

    Attributes:
        sender: who speaks, unique in the world, such as a domain name; without spaces, commas, `<` and `&`.
    """

    sender: str = Field(pattern=r"^[^\s,<&]+$")


class Role(Decided):
    """A role on duty and what it may do.

    Attributes:
        authority: it belongs to the authority that may warn the public by law.
    """

    title: str
    authority: bool = False
    may: tuple[Literal["view", "sign", "hold", "silence", "drill", "declare_gauge", "originate", "configure"], ...]


class Configure(Decided):
    """How many people it takes to change what is in force: the author, and who signs beside them."""

    people: int = Field(default=2, ge=1)


class Drill(Decided):
    """The weekly drill, and how long each part of one may take.

    Attributes:
        case: the name of the country's case that is played; none is held by itself without it.
        judged_within: from asking the sources to a message that waits. awake_within: until an officer who is woken has answered.
        signed_within: to the last signature.
        handed_over_within: to the last message that the provider took. receipt_within, answer_within: after which half of those to whom it
            was handed over must have it, and must have answered.
    """

    case: str = ""
    judged_within: Span = datetime.timedelta(minutes=10)
    awake_within: Span = datetime.timedelta(minutes=15)
    signed_within: Span = datetime.timedelta(minutes=30)
    handed_over_within: Span = datetime.timedelta(minutes=10)
    receipt_within: Span = datetime.timedelta(minutes=15)
    answer_within: Span = datetime.timedelta(minutes=30)


class Ladder(Decided):
    """To whom an unsigned warning is passed on, step by step."""

    after: Span
    to: str


class Wake(Decided):
    """How who is on duty is woken. after: how long an SMS, and then a call, waits for an answer before the next is tried."""

    after: Span = datetime.timedelta(minutes=5)


class Shelter(Decided):
    """A place to which a message may tell people to go.

    Attributes:
        area: P-code; it may be named in messages for this area, what lies in it and what it lies in.
        names: language tag to what people call it; in each language of the country, for all of a message say the same.
        source: who says that it is one. invented: it is none, as in the demonstration.
    """

    area: str
    names: dict[str, str]
    source: str
    invented: bool = False


class CountryFacts(Decided):
    """All of `country.yaml`.

    Attributes:
        code: ISO 3166-1 alpha-3, as the folder's name in capitals. shard: the area set that is judged together.
        timezone: IANA; times for people are shown in it. timezones: area code to zone, where clocks show another; it holds for all inside.
        languages: BCP 47 tags in the order of fallback; a text that lacks one is sent in the next.
        calling_code: without `+`.
        areas_version: the version of the P-codes in areas.csv.
        console_language: in which officers who chose none are spoken to on pages and woken; else English. Before they sign in the browser's
            wish comes first.
        level_words: language tag to colour to the word that people see.
        called: language tag to name of a rule, threshold, feed or role to what people on duty call it where the console speaks so.
        feeds: names of folders under `feeds/`.
        reports: where reports by people are readings too; none if no rule reads them.
        sign: colour to the least that must sign; a rule may only be stricter.
        agreements: name to what was agreed on beforehand, so that warnings of named rules go out without waiting for signatures.
        roles: the roles that may act. configure: how many of those who may `configure` it takes to change thresholds and rules.
        escalate: to whom what nobody signed goes. wake: how long who is woken has to answer.
        shelters: by a name of ours, where people may be told to go; who reads a message that waits may put one in.
        cap: how warnings are named for machines; without it they are not written as CAP files. drill: the weekly one, and its limits.
        standing: `design` while nothing but its places and frameworks is written and no feed is read; `monitoring` while nothing but
            watching is agreed on; `warning` when messages may go out.
        to_check: what a person must confirm before this configuration warns anybody.
    """

    code: str = Field(pattern=r"^[A-Z]{3}$")
    name: str
    names: dict[str, str] = Field(default_factory=dict)
    shard: str
    timezone: TimeZone
    timezones: dict[str, TimeZone] = Field(default_factory=dict)
    authority: Authority
    calling_code: str = Field(pattern=r"^[1-9][0-9]{0,2}$")
    languages: tuple[str, ...] = Field(min_length=1)
    areas_version: str
    console_language: str = ""
    level_words: dict[str, dict[Colour, str]]
    called: dict[str, dict[str, str]] = Field(default_factory=dict)
    feeds: tuple[str, ...]
    reports: Reports | None = None
    messaging: Messaging
    sign: dict[Colour, SignAtLevel]
    agreements: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")], Agreement] = Field(default_factory=dict)
    roles: dict[str, Role]
    configure: Configure = Configure()
    escalate: tuple[Ladder, ...] = ()
    wake: Wake = Wake()
    shelters: dict[str, Shelter] = Field(default_factory=dict)
    cap: Cap | None = None
    drill: Drill = Drill()
    standing: Literal["design", "monitoring", "warning"] = "monitoring"
    to_check: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for language in self.languages:
            missing = [c for c in COLOURS if c not in self.level_words.get(language, {})]
            if missing:
                raise ValueError(f"level_words: `{language}` lacks {', '.join(missing)}")
            for key in ("speaks_as", "segments", "opt_out"):
                if language not in getattr(self.messaging, key):
                    raise ValueError(f"messaging.{key}: `{language}` is missing")
            for name, shelter in self.shelters.items():
                if not shelter.names.get(language, "").strip():
                    raise ValueError(f"shelters.{name}: `{language}` is missing")
        if not self.feeds and self.standing != "design":
            raise ValueError(f"feeds: a country that is {self.standing} reads at least one")
        for colour in COLOURS[1:]:
            if colour not in self.sign:
                raise ValueError(f"sign: nobody is named who signs at {colour}")
        if self.messaging.standing == "official" and not any(r.authority and "sign" in r.may for r in self.roles.values()):
            raise ValueError("messaging.standing: official needs a role with `authority: true` that may sign")
        return self

    @property
    def speaks(self) -> Standing:
        """In whose name messages speak: while a country only watches, in nobody's."""
        return self.messaging.standing if self.sends else "monitoring"

    @property
    def sends(self) -> bool:
        """Whether messages go out to people."""
        return self.standing == "warning"

    def signatures(self, level: Level) -> SignAtLevel:
        """What must at least be signed at a level, by the country's table."""
        return self.sign[level.word]
