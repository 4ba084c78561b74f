"""What went out by agreement, read afterwards: who reviews it says whether it was right, and goes on to correct it if it was not."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.afterwards import Sent
from console.access import ANYWHERE, What, form_of, may, officer_of, require, signed_in, written
from console.acting import Acting
from console.interface.speaking import _
from console.review_views import review_view
from schemas.errors import RefusedError
from schemas.warning_records import Judgement, Warning


class ReviewPages:
    """The page on which a message is reviewed. Whoever may sign may review: it is the same question, asked later."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting

    def routes(self) -> list[Route]:
        """Where it is."""
        return [Route("/review/{message}", self.read), Route("/review/{message}", self.review, methods=["POST"])]

    @signed_in
    def read(self, request: Request) -> Response:
        """`/review/{message}`: the message as it went out, by which agreement, and the form."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def review(self, request: Request) -> Response:
        """Say whether it was right. A wrong one that people stand under leads on to its correction."""
        message, form, acting = str(request.path_params["message"]), form_of(request), self._acting
        found = self._found(message)
        if found is None:
            return self._shown(request)
        grant = require(officer_of(request), What.SIGN, acting.country, found[1].area)
        try:
            judgement = _judgement(form.get("judgement", ""))
            with acting.turn:
                acting.service.review(message, acting.by(request), grant.duty_role, judgement, written(form, "comment"), acting.now())
                stands = acting.service.standing(found[1].warning) is not None
        except RefusedError as refused:
            return self._shown(request, refused)
        wrong = judgement is Judgement.WRONG and stands
        return RedirectResponse(f"/correct/{found[1].warning}" if wrong else f"/review/{message}", 303)

    def _found(self, message: str) -> tuple[Sent, Warning] | None:
        with self._acting.turn:
            return next((one for one in self._acting.service.sent_by_agreement() if one[0].message == message), None)

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        message, acting = str(request.path_params["message"]), self._acting
        found = self._found(message)
        if found is None:
            gone = RefusedError(_("it did not go out by agreement."), where=message, remedy=_("The page of what waits lists what did."))
            return acting.gone(gone)
        with acting.turn:
            stands = acting.service.standing(found[1].warning) is not None
        can = may(officer_of(request), What.SIGN, acting.country, found[1].area)
        shown = {"view": review_view(*found, acting.names), "can": can, "stands": stands, "form": form_of(request)}
        return acting.page(request, "review", 409 if error is not None else 200, error=error, **shown)


def _judgement(text: str) -> Judgement:
    """What a form says.

    Raises:
        RefusedError: nothing was chosen.
    """
    if text not in set(Judgement):
        raise RefusedError(_("it was not said whether it was right."), remedy=_("Choose one of the two."))
    return Judgement(text)
