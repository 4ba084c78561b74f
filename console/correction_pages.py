"""A correction of a warning that people stand under: what was wrong in it, and what is right. It waits for signatures as any message."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.access import ANYWHERE, What, form_of, officer_of, require, signed_in, written
from console.acting import Acting
from console.interface.speaking import _
from schemas.country_facts import COLOURS
from schemas.errors import ConfigurationError, RefusedError
from schemas.levels import Level


class CorrectionPages:
    """The page on which a correction is written. Who writes it does not sign it."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting

    def routes(self) -> list[Route]:
        """Where it is."""
        return [Route("/correct/{warning}", self.write), Route("/correct/{warning}", self.propose, methods=["POST"])]

    @signed_in
    def write(self, request: Request) -> Response:
        """`/correct/{warning}`: the form."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def propose(self, request: Request) -> Response:
        """Propose it, and go on to what waits."""
        warning, form, acting = str(request.path_params["warning"]), form_of(request), self._acting
        with acting.turn:
            stood = acting.service.standing(warning)
        if stood is None:
            return self._shown(request)
        grant = require(officer_of(request), What.SIGN, acting.country, stood.area)
        try:
            area, level = form.get("area", "").strip() or None, form.get("level", "").strip()
            if level and level not in COLOURS:
                raise RefusedError(_("the level cannot be read."), remedy=_("Choose green, yellow, orange or red."))
            right = Level.named(level) if level else None
            comment = written(form, "comment")
            with acting.turn:
                proposed = acting.service.correct(
                    warning, acting.by(request), grant.duty_role, comment, acting.now(), area=area, level=right
                )
        except (RefusedError, ConfigurationError) as refused:
            return self._shown(request, refused)
        return RedirectResponse(f"/waiting/{proposed.id}", 303)

    def _shown(self, request: Request, error: RefusedError | ConfigurationError | None = None) -> Response:
        warning, acting = str(request.path_params["warning"]), self._acting
        with acting.turn:
            stood = acting.service.standing(warning)
        if stood is None:
            remedy = _("Only what people stand under is corrected.")
            gone = RefusedError(_("nobody stands under this warning."), where=warning, remedy=remedy)
            return acting.gone(gone)
        shown = {"stood": stood, "areas": acting.names.areas(), "levels_of": COLOURS, "names": acting.names, "form": form_of(request)}
        return acting.page(request, "correction", 409 if error is not None else 200, error=error, **shown)
