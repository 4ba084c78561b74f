"""Pages on which people decide: what waits, read whole, then signed, held or let go. They are made anew each time and kept nowhere.

What a page shows is what its form signs: the form carries the code of all that was shown, and a message that is another by then is refused
and shown anew.
"""

from collections.abc import Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.holding import LONGEST
from alerts.officers.officer import Grant, Officer
from alerts.signing import ToSign
from alerts.slots import Slot
from alerts.texts import SLOTS
from console.access import ANYWHERE, What, form_of, may, officer_of, require, signed_in, written
from console.acting import Acting
from console.edit_views import edit_view, said_above
from console.interface.speaking import _
from console.review_views import sent_line
from console.to_me_views import BETWEEN, ToMeView, to_me_view
from console.waiting_views import signing_view, waiting_line
from schemas.errors import RefusedError
from schemas.warning_records import Hold


class WaitingPages:
    """The pages of what waits in a country."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._service, self._country, self._now, self._lock = acting.service, acting.country, acting.now, acting.turn

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/waiting", self.waiting),
            Route("/waiting/{message}", self.read),
            Route("/waiting/{message}/to-me", self.to_me, methods=["POST"]),
            Route("/waiting/{message}/edit", self.edit, methods=["POST"]),
            Route("/waiting/{message}/sign", self.sign, methods=["POST"]),
            Route("/waiting/{message}/hold", self.hold, methods=["POST"]),
            Route("/waiting/{message}/let-go", self.let_go, methods=["POST"]),
        ]

    @signed_in
    def waiting(self, request: Request) -> Response:
        """`/waiting`: all that waits, the gravest first."""
        require(officer_of(request), What.VIEW, self._country, ANYWHERE)
        now = self._now()
        with self._lock:
            found = self._service.waiting()
            unreviewed = self._service.sent_by_agreement(unreviewed=True)
        lines = tuple(waiting_line(warning, needed, self._acting.names, self._acting.clock, now) for warning, needed in found)
        sent = tuple(sent_line(one, warning, self._acting.names) for one, warning in unreviewed)
        return self._acting.page(request, "waiting", lines=lines, sent=sent, now=now)

    @signed_in
    def read(self, request: Request) -> Response:
        """`/waiting/{message}`: one message, to be read and decided on, with people and cost as the alert service counted them last.

        It does so each minute. Whoever opens the page changes nothing; who signs has them counted, and is shown it anew if they moved.
        """
        require(officer_of(request), What.VIEW, self._country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def sign(self, request: Request) -> Response:
        """Sign what was read."""

        def act(message: str, by: str, grant: Grant) -> None:
            self._service.sign(message, by, grant.duty_role, self._now(), form_of(request).get("seen", ""))

        return self._decide(request, What.SIGN, act)

    @signed_in
    def to_me(self, request: Request) -> Response:
        """Have it sent to the reader's own telephone first. Whose that is, the account says and no field of the form."""

        def act(message: str, _by: str, _grant: Grant) -> None:
            officer = officer_of(request)
            language, _between, need = form_of(request).get("text", "").partition(BETWEEN)
            if officer is not None:
                self._service.preview(message, officer, [language] if language else [], self._now(), need)

        return self._decide(request, What.PREVIEW, act)

    @signed_in
    def edit(self, request: Request) -> Response:
        """Change what it leaves open; a field that is no slot of it changes nothing."""

        def act(message: str, by: str, grant: Grant) -> None:
            form = form_of(request)
            filled = {slot: form[slot] for slot in SLOTS if slot in form}
            self._service.edit(message, by, grant.duty_role, filled, form.get("seen", ""), self._now())

        return self._decide(request, What.EDIT, act)

    @signed_in
    def hold(self, request: Request) -> Response:
        """Hold it while a question is asked."""

        def act(message: str, by: str, grant: Grant) -> None:
            now, form = self._now(), form_of(request)
            until = now + timedelta(minutes=_minutes(form.get("minutes", "")))
            self._service.hold(Hold(by=by, role=grant.duty_role, why=written(form, "why"), at=now, until=until), message)

        return self._decide(request, What.HOLD, act)

    @signed_in
    def let_go(self, request: Request) -> Response:
        """Let go of what is held."""

        def act(message: str, by: str, grant: Grant) -> None:
            self._service.let_go(message, by, grant.duty_role, self._now())

        return self._decide(request, What.HOLD, act)

    def _decide(self, request: Request, what: What, act: Callable[[str, str, Grant], None]) -> Response:
        """Do it, and go on to the message, or to its warning if it waits no more. A refusal is said above the message as it stands."""
        message = str(request.path_params["message"])
        with self._lock:
            found = self._found(message)
            if isinstance(found, Response):
                return found
            shown = found.message
            grant = require(officer_of(request), what, self._country, shown.area)
            try:
                act(message, self._acting.by(request), grant)
            except RefusedError as refused:
                error: RefusedError | None = refused
            else:
                error = None
        if error is not None:
            return self._shown(request, error)
        with self._lock:
            waits = any(warning.id == message for warning, _ in self._service.waiting())
        return RedirectResponse(f"/waiting/{message}" if waits else f"/warning/{shown.warning}?message={message}", 303)

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        message, now, officer = str(request.path_params["message"]), self._now(), officer_of(request)
        with self._lock:
            found = self._found(message)
        if isinstance(found, Response):
            return found
        view = signing_view(found, self._acting.names, self._acting.clock, now)
        area = found.message.area
        can = {
            "sign": may(officer, What.SIGN, self._country, area),
            "hold": may(officer, What.HOLD, self._country, area),
            "preview": may(officer, What.PREVIEW, self._country, area),
            "edit": may(officer, What.EDIT, self._country, area),
        }
        edit = edit_view(self._slots(message), form_of(request) if error is not None else {}, error)
        shown = {"view": view, "can": can, "longest": LONGEST, "edit": edit, "to_me": self._to_me(found, officer)}
        shown["wrote"] = self._acting.by(request) in (found.message.author, *found.message.edited_by)
        status = 409 if error is not None else 200
        return self._acting.page(request, "signing", status, error=said_above(error, edit), **shown)

    def _slots(self, message: str) -> tuple[Slot, ...]:
        """What it leaves open; nothing of one that was signed or overtaken this very moment."""
        try:
            with self._lock:
                return self._service.slots(message)
        except RefusedError:
            return ()

    def _to_me(self, found: ToSign, officer: Officer | None) -> ToMeView | None:
        if officer is None:
            return None
        with self._lock:
            sent, has_telephone = self._service.previews(found.message.id, officer)
        return to_me_view(found, sent, self._acting.names, officer.name, has_telephone=has_telephone)

    def _found(self, message: str) -> ToSign | Response:
        """The message, or the page that says that nothing waits under this id."""
        try:
            return self._service.to_read(message)
        except RefusedError as gone:
            return self._acting.gone(gone)


def _minutes(text: str) -> int:
    """Minutes that a form asks for.

    Raises:
        RefusedError: they are no number.
    """
    if not text.strip().isdecimal() or len(text.strip()) > 4:
        raise RefusedError(_("the minutes cannot be read."), remedy=_("Write a number such as 15."))
    return int(text)
