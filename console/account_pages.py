"""Accounts, for administrators: who there is and what each may do where; to open one, grant, revoke, unlock, take out of use, set anew.

All is done by `Administering`, as `polyrisk officers` does it. A one-time code is shown once, in the answer to the form that asked for it.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.officers.administering import Administering, Invitation
from alerts.officers.officer import ConsoleRole, Grant, Officer
from console.access import ANYWHERE, What, form_of, officer_of, require, signed_in
from console.acting import Acting
from console.interface.speaking import _
from schemas.errors import RefusedError

_IN = "/accounts"


class AccountPages:
    """The list of accounts, and a page for each."""

    def __init__(self, acting: Acting, administering: Administering) -> None:
        self._acting, self._administering = acting, administering

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route(_IN, self.all),
            Route(f"{_IN}/open", self.open, methods=["POST"]),
            Route(f"{_IN}/{{id}}", self.one),
            Route(f"{_IN}/{{id}}/grant", self.grant, methods=["POST"]),
            Route(f"{_IN}/{{id}}/revoke", self.revoke, methods=["POST"]),
            Route(f"{_IN}/{{id}}/reset", self.reset, methods=["POST"]),
            Route(f"{_IN}/{{id}}/{{how}}", self.change, methods=["POST"]),
        ]

    @signed_in
    def all(self, request: Request) -> Response:
        """`/accounts`: every account with its roles."""
        self._administrator(request)
        return self._listed(request)

    @signed_in
    def one(self, request: Request) -> Response:
        """`/accounts/{id}`: one account, and what can be done with it."""
        self._administrator(request)
        officer = self._found(request)
        return officer if isinstance(officer, Response) else self._shown(request, officer)

    @signed_in
    def open(self, request: Request) -> Response:
        """Open an account, and show its one-time code."""
        by, form = self._administrator(request), form_of(request)
        try:
            made = self._administering.add(form.get("name", ""), form.get("display", ""), by)
        except RefusedError as refused:
            return self._listed(request, refused)
        return self._invited(request, made)

    @signed_in
    def reset(self, request: Request) -> Response:
        """Let somebody set password and authenticator anew, and show the one-time code for it."""
        by, officer = self._administrator(request), self._found(request)
        if isinstance(officer, Response):
            return officer
        try:
            return self._invited(request, self._administering.reset(officer.name, by))
        except RefusedError as refused:
            return self._shown(request, officer, refused)

    @signed_in
    def grant(self, request: Request) -> Response:
        """Give a role."""
        return self._act(request, lambda name, by: self._administering.grant(name, self._asked(request), by))

    @signed_in
    def revoke(self, request: Request) -> Response:
        """Take a role."""
        return self._act(request, lambda name, by: self._administering.revoke(name, self._asked(request), by))

    @signed_in
    def change(self, request: Request) -> Response:
        """Take it out of use or into it again, or let it be tried anew."""
        ways = {"disable": self._administering.disable, "enable": self._administering.enable, "unlock": self._administering.unlock}
        way = ways.get(str(request.path_params["how"]))
        if way is None:
            return self._acting.gone(RefusedError(_("there is no such thing to do."), remedy=_("Go back to the account.")))
        return self._act(request, way)

    def _act(self, request: Request, act: Callable[[str, str], Officer]) -> Response:
        by, officer = self._administrator(request), self._found(request)
        if isinstance(officer, Response):
            return officer
        try:
            act(officer.name, by)
        except RefusedError as refused:
            return self._shown(request, officer, refused)
        return RedirectResponse(f"{_IN}/{officer.id}", 303)

    def _administrator(self, request: Request) -> str:
        """The name of who asks, who must administer the country."""
        officer = officer_of(request)
        require(officer, What.ADMINISTER, self._acting.country, ANYWHERE)
        return officer.name if officer is not None else ""

    def _found(self, request: Request) -> Officer | Response:
        id = str(request.path_params["id"])
        found = next((officer for officer in self._administering.all() if officer.id == id), None)
        if found is None:
            return self._acting.gone(RefusedError(_("there is no such account."), where=id, remedy=_("The page of accounts lists them.")))
        return found

    def _asked(self, request: Request) -> Grant:
        form = form_of(request)
        try:
            role = ConsoleRole(form.get("role", ""))
        except ValueError as error:
            raise RefusedError(_("there is no such role."), remedy=_("Choose one of the list.")) from error
        return Grant(role, self._acting.country.code, form.get("duty_role", ""), form.get("area", ""))

    def _listed(self, request: Request, error: RefusedError | None = None) -> Response:
        shown = {"officers": self._administering.all(), "names": self._acting.names, "form": form_of(request), "error": error}
        return self._acting.page(request, "accounts", 409 if error is not None else 200, **shown)

    def _shown(self, request: Request, officer: Officer, error: RefusedError | None = None) -> Response:
        acting = self._acting
        roles = [(name, acting.names.called(name) or role.title) for name, role in acting.country.facts.roles.items()]
        shown = {"account": officer, "roles": tuple(ConsoleRole), "duty_roles": roles, "areas": acting.names.areas(), "names": acting.names}
        return acting.page(request, "account_of", 409 if error is not None else 200, form=form_of(request), error=error, **shown)

    def _invited(self, request: Request, made: Invitation) -> Response:
        return self._acting.page(request, "invitation", made=made, address=f"{str(request.base_url).rstrip('/')}/set-up")
