"""What the log's own codes are called on a page: kinds of message, reasons, roles, needs, ends, qualities. Each set is closed where it is
defined; a code that is not known here stands for itself, without its underscores."""

from collections.abc import Mapping

from alerts.officers.officer import Grant
from alerts.silences import Silence
from console.interface.speaking import _, later
from console.names import Names, colour

_KINDS = {"Alert": later("Alert"), "Update": later("Update"), "Cancel": later("Cancel")}
_REASONS = {
    "opened": later("opened"),
    "escalated": later("escalated"),
    "eased": later("eased"),
    "reopened": later("reopened"),
    "no_longer_quiet": later("no longer quiet"),
    "reminder": later("reminder"),
    "renewed": later("renewed"),
    "closed": later("closed"),
    "closed_unknown": later("closed unknown"),
    "cannot_tell": later("cannot tell"),
    "retracted": later("retracted"),
    "unconfirmed": later("unconfirmed"),
    "confirmed": later("confirmed"),
    "updated": later("updated"),
    "found_afterwards": later("found afterwards"),
    "merged": later("merged"),
    "revised": later("revised"),
    "unsigned": later("unsigned"),
    "expired": later("expired"),
    "superseded": later("superseded"),
    "corrected": later("corrected"),
    "originated": later("originated"),
    "in_shadow": later("in shadow"),
}
_ROLES = {
    "duty_officer": later("duty officer"),
    "director": later("director"),
    "district_unit": later("district unit"),
    "planner": later("planner"),
    "viewer": later("viewer"),
    "operator": later("operator"),
    "approver": later("approver"),
    "administrator": later("administrator"),
}
_MAY = {
    "view": later("view"),
    "sign": later("sign"),
    "hold": later("hold"),
    "edit": later("edit"),
    "preview": later("have a message sent to themselves"),
    "silence": later("silence"),
    "originate": later("write a warning"),
    "configure": later("configure"),
    "reveal": later("reveal a telephone number"),
    "administer": later("administer"),
}
_NEEDS = {
    "mobility": later("mobility"),
    "hearing": later("hearing"),
    "pregnancy": later("pregnancy"),
    "livestock": later("livestock"),
}
_ENDS = {
    "all-clear": later("all clear"),
    "mistaken": later("mistaken"),
    "cannot-tell": later("cannot tell"),
    "ran-out": later("ran out"),
    "withdrawn": later("withdrawn"),
}
_QUALITIES = {
    "measured": later("measured"),
    "reported": later("reported"),
    "modelled": later("modelled"),
    "manual": later("manual"),
    "suspect": later("suspect"),
}
_STANDINGS = {
    "advisory": later("advisory"),
    "official": later("official"),
    "monitoring": later("monitoring"),
    "design": later("design"),
    "warning": later("warning"),
}
_DIMENSIONS = {
    "economic": later("economic"),
    "food": later("food"),
    "health": later("health"),
    "environmental": later("environmental"),
    "personal": later("personal"),
    "community": later("community"),
    "political": later("political"),
}
_REFUSALS = {
    "stopped": later("the person has left at the provider"),
    "invalid_number": later("no number, or one that is not valid"),
    "not_mobile": later("not a mobile number"),
    "not_routable": later("the provider cannot reach it"),
    "nobodys_number": later("a number that belongs to nobody"),
    "not_agreed": later("the country does not send yet"),
    "not_marked": later("not marked as an exercise"),
    "not_on_the_list": later("not on the drill's list"),
    "slow_down": later("too much at once"),
    "not_connected": later("no connection to the network"),
    "unauthorised": later("the provider does not let us in"),
    "suspended": later("our account is suspended"),
    "country_closed": later("the provider does not let us reach the country"),
    "bad_text": later("the provider does not take the words"),
    "other": later("for a reason that it does not say"),
}
_PLACES = {"first": later("first"), "second": later("second"), "third": later("third")}
_STEPS = {"base": later("base"), "raise": later("raise"), "move": later("move")}


def kind_word(kind: str) -> str:
    """`Alert`, `Update` or `Cancel`."""
    return _said(_KINDS, kind)


def reason_word(reason: str) -> str:
    """Why something is said."""
    return _said(_REASONS, reason)


def role_word(role: str) -> str:
    """A role of the country's table, or of the console."""
    return _said(_ROLES, role)


def place_word(place: str) -> str:
    """As which somebody on duty is woken."""
    return _said(_PLACES, place)


def refusal_word(refusal: str) -> str:
    """Why a provider has not taken something."""
    return _said(_REFUSALS, refusal)


def may_word(what: str) -> str:
    """What somebody may do."""
    return _said(_MAY, what)


def need_word(need: str) -> str:
    """What a person told us of."""
    return _said(_NEEDS, need)


def end_word(end: str) -> str:
    """How a warning ended."""
    return _said(_ENDS, end)


def quality_word(quality: str) -> str:
    """How far a reading is to be trusted."""
    return _said(_QUALITIES, quality)


def standing_word(standing: str) -> str:
    """In whose name messages speak, or what a country does yet."""
    return _said(_STANDINGS, standing)


def dimension_word(dimension: str) -> str:
    """A dimension of human security."""
    return _said(_DIMENSIONS, dimension)


def step_word(step: str) -> str:
    """By which step a level was reached."""
    return _said(_STEPS, step)


def grant_words(grant: Grant) -> str:
    """A role somewhere: `approver (director) in NPL, NP0301`."""
    where = f"{grant.country}, {grant.area}" if grant.area else grant.country
    if not grant.duty_role:
        return _("{role} in {where}", role=role_word(grant.role), where=where)
    return _("{role} ({duty}) in {where}", role=role_word(grant.role), duty=role_word(grant.duty_role), where=where)


def silence_words(silence: Silence, names: Names) -> str:
    """What a silence reaches."""
    what = names.rule(silence.rule) if silence.rule else (silence.hazard or "").replace("_", " ") or _("everything")
    where = names.place(silence.area) if silence.area else _("the whole country")
    return _("{what} in {where}, up to {level}", what=what, where=where, level=colour(silence.up_to))


def _said(words: Mapping[str, str], code: str) -> str:
    known = words.get(code)
    return _(known) if known is not None else code.replace("_", " ").replace("-", " ")
