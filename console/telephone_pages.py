"""An officer's own telephone: where they are woken, and have a message sent first. A number is used once a code came back from it."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.channels.contract import Refusal
from alerts.officers.officer import Officer
from alerts.roster.own_telephone import OwnTelephone
from alerts.roster.telephone_codes import MOST_A_DAY, MOST_AN_HOUR, Waiting
from console.access import form_of, officer_of, signed_in
from console.acting import Acting
from console.interface.speaking import _, later
from schemas.errors import RefusedError
from schemas.warning_records import MessageState

PATH = "/account/telephone"
_SAID = {
    MessageState.INTENDED: later("It waits to be handed over."),
    MessageState.SENDING: later("It was handed over; there is no answer yet."),
    MessageState.ACCEPTED: later("The provider has taken it."),
    MessageState.SENT: later("The provider has sent it."),
    MessageState.DELIVERED: later("Your telephone has it."),
    MessageState.UNKNOWN: later("Nobody knows whether it went; look at your telephone."),
}
_NOT_SENT = later("It was NOT sent. Give your number again for another.")


class TelephonePages:
    """The page, and its three forms."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._own = OwnTelephone(acting.service.registry, acting.country, acting.now)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route(PATH, self.telephone),
            Route(f"{PATH}/number", self.number, methods=["POST"]),
            Route(f"{PATH}/code", self.code, methods=["POST"]),
            Route(f"{PATH}/forget", self.forget, methods=["POST"]),
        ]

    @signed_in
    def telephone(self, request: Request) -> Response:
        """`/account/telephone`: the number that is used, by its last two digits; forms for another and for its code."""
        return self._shown(request)

    @signed_in
    def number(self, request: Request) -> Response:
        """Have a code sent to a number."""
        return self._do(request, lambda officer: self._own.ask(officer, form_of(request).get("number", "")))

    @signed_in
    def code(self, request: Request) -> Response:
        """Take the code that was sent."""
        return self._do(request, lambda officer: self._own.confirm(officer, form_of(request).get("code", "")))

    @signed_in
    def forget(self, request: Request) -> Response:
        """Use the number no more."""
        return self._do(request, self._own.forget)

    def _do(self, request: Request, act: Callable[[Officer], None]) -> Response:
        try:
            act(self._officer(request))
        except RefusedError as refused:
            return self._shown(request, refused)
        return RedirectResponse(PATH, 303)

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        officer = self._officer(request)
        known = self._own.look(officer)
        shown = {"known": known, "may": self._own.may(officer), "says": _says(known.waiting) if known.waiting is not None else ""}
        limits = {"most_an_hour": MOST_AN_HOUR, "most_a_day": MOST_A_DAY, "code": self._acting.country.facts.calling_code}
        return self._acting.page(request, "telephone", 409 if error is not None else 200, error=error, **shown, **limits)

    def _officer(self, request: Request) -> Officer:
        officer = officer_of(request)
        if officer is None:
            raise RefusedError(_("nobody is signed in."), remedy=_("Sign in."))
        return officer


def _says(waiting: Waiting) -> str:
    """What became of a code."""
    if waiting.refusal == Refusal.STOPPED.value:
        return _("It was NOT sent: this telephone has left at the provider; send START to its number.")
    return _(_SAID.get(waiting.state, _NOT_SENT))
