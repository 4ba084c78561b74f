"""Keeps the language that an officer chooses on a page in their account."""

import logging

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from alerts.officers.sessions import Stage
from alerts.officers.signing_in import SigningIn
from console.interface.choosing import Keep
from console.lost_registry import in_one_line
from console.sessions import token_of

_LOGGER = logging.getLogger(__name__)


def keeping(signing_in: SigningIn) -> Keep:
    """What keeps a choice, if whoever made it is signed in."""

    def keep(request: Request, language: str) -> None:
        token = token_of(request)
        try:
            session = signing_in.look(token) if token else None
            if session is not None and session.stage is Stage.FULL:
                signing_in.choose_language(session, language)
        except SQLAlchemyError as error:  # the cookie holds it; the next page says that the registry is lost
            _LOGGER.error("a language could not be kept: %s", in_one_line(error))  # noqa: TRY400 - one line is enough

    return keep
