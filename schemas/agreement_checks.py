"""What can be found wrong in a country's agreements before a warning goes out by one: whom, what and where they name."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.agreements import Agreement
from schemas.configuration import Rule
from schemas.findings import Finding
from schemas.levels import Level
from schemas.place_tables import nearest
from schemas.surroundings import Location, Surroundings
from schemas.yaml_files import YamlFile


@dataclass(frozen=True)
class _Of:
    """An agreement and where it stands."""

    file: YamlFile
    at: Location
    agreement: Agreement
    around: Surroundings


def check_agreements(file: YamlFile, around: Surroundings) -> Iterator[Finding]:
    """All that is wrong with the agreements of `country.yaml`, among the country's rules and areas."""
    for name, agreement in around.facts.agreements.items():
        of = _Of(file, ("agreements", name), agreement, around)
        yield from _people(of)
        yield from _rules(of)
        yield from _areas(of)


def _people(of: _Of) -> Iterator[Finding]:
    """An agreement is signatures given beforehand: by as many people, in as many roles that may sign, as would sign the warning."""
    facts, agreed = of.around.facts, of.agreement.agreed_by
    for index, one in enumerate(agreed):
        role = facts.roles.get(one.role)
        if role is None or "sign" not in role.may:
            may = ", ".join(name for name, known in facts.roles.items() if "sign" in known.may)
            what = f"{one.name} agreed as `{one.role}`, which may not sign."
            yield of.file.finding("agreement-role", (*of.at, "agreed_by", index, "role"), what, remedy=f"Roles that may: {may}.")
    different = min(len({one.name for one in agreed}), len({one.role for one in agreed}))
    for rule in (of.around.rules[name] for name in of.agreement.rules if name in of.around.rules):
        needed = max((_needed(of, rule, level) for level in rule.levels if level >= of.agreement.at_least), default=0)
        if different < needed:
            what = f"{different} people in different roles agreed; {needed} must sign what `{rule.name}` says."
            why = "What goes out by agreement would be agreed to by fewer people than sign it otherwise."
            yield of.file.finding(
                "agreement-weaker", (*of.at, "agreed_by"), what, why, "Let as many agree as must sign, each in another role."
            )
    if facts.messaging.standing == "official" and not any(facts.roles[a.role].authority for a in agreed if a.role in facts.roles):
        what = "messages speak as official, and nobody of the authority agreed."
        why = "Nothing would ever go out by it: as official only with the authority's word."
        yield of.file.finding(
            "agreement-not-official", (*of.at, "agreed_by"), what, why, "Name who agreed in a role with `authority: true`."
        )


def _needed(of: _Of, rule: Rule, level: Level) -> int:
    return max(rule.sign.people, of.around.facts.signatures(level).people) if level > Level.GREEN else 0


def _rules(of: _Of) -> Iterator[Finding]:
    for index, name in enumerate(of.agreement.rules):
        at, rule = (*of.at, "rules", index), of.around.rules.get(name)
        if rule is None:
            yield of.file.finding("unknown-rule", at, f"no rule `{name}` in rules.yaml.", remedy=nearest(name, tuple(of.around.rules)))
        elif rule.audience == "operators":
            yield of.file.finding("agreement-nothing", at, f"`{name}` warns the people on duty alone, at once.", remedy="Take it out.")
        elif max(rule.levels) < of.agreement.at_least:
            what = f"`{name}` never comes to {of.agreement.at_least.word}."
            yield of.file.finding("agreement-nothing", at, what, "Nothing would go out by it.", "Take it out, or name a lower level.")


def _areas(of: _Of) -> Iterator[Finding]:
    for index, code in enumerate(of.agreement.areas):
        if code not in of.around.areas:
            what, remedy = f"no area `{code}` in areas.csv.", nearest(code, tuple(of.around.areas))
            yield of.file.finding("unknown-area", (*of.at, "areas", index), what, remedy=remedy)
