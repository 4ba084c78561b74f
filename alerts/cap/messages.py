"""One issued message of a warning as a CAP 1.2 document: one `<info>` a language, places by P-code and outline, references in CAP's way."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as Xml

from alerts import originated
from alerts.cap import words
from alerts.cap.shapes import Shapes
from alerts.rendering import place_name, source_of
from alerts.texts import NAME, Catalogue
from schemas.conditions import AtLevel, walk
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.warning_records import RenderedText, Warning

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
P_CODE = "P-code"
"""The `valueName` of a place's code of OCHA's Common Operational Datasets."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold, however they are escaped."""


@dataclass(frozen=True)
class CapMessage:
    """A message as it is written, with those before it that it refers to.

    Attributes:
        sent: in the country's zone. earlier: of the same chain, oldest first; an Alert begins a chain and has none.
    """

    warning: Warning
    sent: datetime
    earlier: tuple[Warning, ...] = ()


def messages_of(issued: Iterable[Warning], country: LoadedCountry) -> list[CapMessage]:
    """The public messages that went out, in their order, each with what it refers to.

    Args:
        issued: messages of any warnings, each as it was published when it went out.
    """
    public = [w for w in issued if w.issued is not None and w.audience == "public"]
    chains: dict[str, tuple[Warning, ...]] = {}
    found = []
    for warning in sorted(public, key=lambda w: (_moment(w), w.warning, int(w.id.rpartition(".")[2]))):
        earlier = () if warning.message_type == "Alert" else chains.get(warning.warning, ())
        chains[warning.warning] = (*earlier, warning)
        found.append(CapMessage(warning, _moment(warning).astimezone(country.timezone), earlier))
    return found


def _moment(warning: Warning) -> datetime:
    return warning.issued or warning.proposed


class Writer:
    """Writes the CAP documents of one country; the same message always as the same bytes.

    Raises:
        ConfigurationError: country.yaml says nothing of `cap`.
    """

    def __init__(self, country: LoadedCountry) -> None:
        if country.facts.cap is None:
            remedy = "Add `cap: {sender: ...}` with a name that is unique in the world, such as a domain."
            raise ConfigurationError("the country names no CAP sender.", where=f"{country.folder.name}/country.yaml", remedy=remedy)
        self.country = country
        self.sender = country.facts.cap.sender
        self._shapes = Shapes(country)
        self._texts = Catalogue.load(country.folder)
        written = {rule.name: rule for rule in country.configuration.rules}
        self._rules = {**originated.rules(country, self._texts), **written}
        self._indicators = {threshold.name: threshold.indicator for threshold in country.configuration.thresholds}

    def document(self, message: CapMessage) -> bytes:
        """The message as UTF-8 XML."""
        warning = message.warning
        alert = Xml.Element("alert", {"xmlns": NAMESPACE})
        add(alert, "identifier", warning.id)
        add(alert, "sender", self.sender)
        add(alert, "sent", stamp(message.sent))
        add(alert, "status", words.status(warning))
        add(alert, "msgType", warning.message_type)
        add(alert, "scope", "Public")
        if message.earlier:
            add(alert, "references", " ".join(self._reference(earlier) for earlier in message.earlier))
        for text in warning.texts:
            self._info(alert, message, text)
        return document_of(alert)

    def event_name(self, warning: Warning, language: str) -> str:
        """What the warning is about, in a few words: the danger's name in a language, else the rule's own."""
        rule = self._rules.get(warning.rule)
        name = self._texts.get(language, rule.text, NAME) if rule is not None else None
        return name.text if name is not None else warning.rule.replace("_", " ")

    def _reference(self, earlier: Warning) -> str:
        return f"{self.sender},{earlier.id},{stamp(_moment(earlier).astimezone(self.country.timezone))}"

    def _info(self, alert: Xml.Element, message: CapMessage, text: RenderedText) -> None:
        warning, zone, facts = message.warning, self.country.timezone, self.country.facts
        place = place_name(self.country, warning.area, text.language)
        level = facts.level_words.get(text.language, {}).get(warning.level.word, warning.level.word)
        info = Xml.SubElement(alert, "info")
        add(info, "language", text.language)
        for category in words.categories(self._rules.get(warning.rule), self._read(warning)):
            add(info, "category", category)
        add(info, "event", self.event_name(warning, text.language))
        add(info, "responseType", words.response(warning))
        add(info, "urgency", words.urgency(warning))
        add(info, "severity", words.severity(warning))
        add(info, "certainty", words.certainty(warning))
        _pair(info, "eventCode", "polyrisk:rule", warning.rule)
        add(info, "effective", stamp(message.sent))
        add(info, "onset", stamp(warning.since.astimezone(zone)))
        add(info, "expires", stamp(warning.expires.astimezone(zone)))
        add(info, "senderName", source_of(self.country, text.language))
        add(info, "headline", f"{place}: {level}")
        add(info, "description", text.body)
        for name, value in self._parameters(warning, text):
            _pair(info, "parameter", name, value)
        self._area(info, warning, place)

    def _parameters(self, warning: Warning, text: RenderedText) -> Iterator[tuple[str, str]]:
        yield "polyrisk:standing", warning.standing
        yield "polyrisk:level", warning.level.word
        yield "polyrisk:reason", warning.reason
        yield "polyrisk:text", "reviewed" if text.reviewed else "draft, not reviewed"
        yield "polyrisk:configuration", warning.configuration

    def _area(self, info: Xml.Element, warning: Warning, place: str) -> None:
        area = Xml.SubElement(info, "area")
        add(area, "areaDesc", place)
        for polygon in self._shapes.of(warning.area):
            add(area, "polygon", " ".join(f"{lat},{lon}" for lat, lon in polygon))
        _pair(area, "geocode", P_CODE, warning.area)

    def _read(self, warning: Warning) -> list[str]:
        """The indicators that a warning's rule reads."""
        rule: Rule | None = self._rules.get(warning.rule)
        parts = [part for condition in rule.conditions for part in walk(condition)] if rule is not None else []
        named = [part.threshold for part in parts if isinstance(part, AtLevel)]
        return [self._indicators[name] for name in named if name in self._indicators]


def stamp(moment: datetime) -> str:
    """A moment as CAP wants it: whole seconds with a numeric zone."""
    return moment.isoformat(timespec="seconds")


def document_of(root: Xml.Element) -> bytes:
    """An XML document in UTF-8, with its declaration."""
    document: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def add(parent: Xml.Element, name: str, text: str) -> None:
    """A child with a text, in which characters that XML cannot hold are replaced."""
    Xml.SubElement(parent, name).text = _NOT_XML.sub("\ufffd", text)


def _pair(parent: Xml.Element, name: str, key: str, value: str) -> None:
    pair = Xml.SubElement(parent, name)
    add(pair, "valueName", key)
    add(pair, "value", value)
