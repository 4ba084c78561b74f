"""A sign-in service of the country's own (OpenID Connect): where a person is sent, and what is believed when they come back.

The authorisation code flow with PKCE. Of what comes back an ID token is believed that the service has signed with a key of its own, for us,
for this very sign-in, now. Who the person is, it says; which account they have and what that may, the registry does. What asks it and reads
its tokens is loaded with the first who comes by it: most consoles have no such service.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode, urlsplit

from alerts.officers.identities import Identity
from console.interface.speaking import _, later
from console.sessions import LOOPBACK_NAMES
from schemas.errors import ConfigurationError, RefusedError

ISSUER, CLIENT, SECRET_FILE = "POLYRISK_OIDC_ISSUER", "POLYRISK_OIDC_CLIENT", "POLYRISK_OIDC_SECRET_FILE"
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures with a key that we do not have; one by a secret that both know would let a public key be taken for it."""
_PATIENCE_S, _LEEWAY_S = 10.0, 60
_INSTEAD = later("Sign in with name and password, or try again later.")


@dataclass(frozen=True)
class Asked:
    """What was asked for, kept in the browser until the person comes back.

    Attributes:
        state, nonce: by which the answer and its token are known to be this one's. verifier: that shows the service that it is we who ask.
        onward: the path of ours that was wanted.
    """

    state: str
    nonce: str
    verifier: str
    onward: str

    @classmethod
    def new(cls, onward: str) -> Self:
        """One that nobody could know before."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), onward)

    @classmethod
    def read(cls, kept: str) -> Self | None:
        """As the browser kept it; none if it is nothing of ours."""
        state, _, rest = kept.partition(".")
        nonce, _, rest = rest.partition(".")
        verifier, _, onward = rest.partition(".")
        return cls(state, nonce, verifier, unquote(onward)) if state and nonce and verifier else None

    def __str__(self) -> str:
        return f"{self.state}.{self.nonce}.{self.verifier}.{quote(self.onward, safe='')}"


class SignInService:
    """A provider of OpenID Connect.

    Args:
        issuer: its address, https or on this machine. client, secret: as it knows us.
    """

    def __init__(self, issuer: str, client: str, secret: str) -> None:
        self.issuer, self._client, self._secret = issuer, client, secret
        self._lock = Lock()
        self._described: Mapping[str, Any] | None = None

    @classmethod
    def of_settings(cls, settings: Mapping[str, str]) -> Self | None:
        """The service that the environment names; none if it names none.

        Raises:
            ConfigurationError: a part is missing, the secret's file cannot be read, or the address could be read on its way.
        """
        issuer, client, file = (settings.get(name, "") for name in (ISSUER, CLIENT, SECRET_FILE))
        if not (issuer or client or file):
            return None
        for name, value in ((ISSUER, issuer), (CLIENT, client), (SECRET_FILE, file)):
            if not value:
                raise ConfigurationError("a part of the sign-in service is missing.", where=name, remedy="Set it, or none of the three.")
        if not _is_private(issuer):
            raise ConfigurationError("the sign-in service is not asked by https.", where=ISSUER, remedy="Name its https address.")
        try:
            secret = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}.", where=file, remedy="Let our user read it.") from error
        return cls(issuer, client, secret)

    def address_for(self, asked: Asked, back: str) -> str:
        """Where the person is sent; `back` is where they come back to.

        Raises:
            RefusedError: the service cannot be asked.
        """
        digest = hashlib.sha256(asked.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query = {"response_type": "code", "client_id": self._client, "redirect_uri": back, "scope": "openid"}
        query |= {"state": asked.state, "nonce": asked.nonce, "code_challenge": challenge, "code_challenge_method": "S256"}
        endpoint = str(self._description()["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def identity(self, asked: Asked, answer: Mapping[str, str], back: str) -> Identity:
        """Whom the service vouches for, by the answer with which the person came back.

        Raises:
            RefusedError: it is no answer to what was asked, the service refused, or its token is not to be believed.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), asked.state.encode()):
            raise RefusedError(_("this is no answer to what was asked from here."), remedy=_("Begin at the sign-in page."))
        if answer.get("iss", self.issuer) != self.issuer:
            raise RefusedError(_("another sign-in service answered."), remedy=_(_INSTEAD))
        if "code" not in answer:
            raise RefusedError(_("the sign-in service did not let you in."), remedy=_(_INSTEAD))
        told = self._told(answer["code"], asked, back)
        claims = self._believed(str(told.get("id_token", "")), asked)
        methods = claims.get("amr", [])
        return Identity(self.issuer, str(claims["sub"]), isinstance(methods, list) and "mfa" in methods)

    def _told(self, code: str, asked: Asked, back: str) -> Mapping[str, Any]:
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": asked.verifier}
        return _asked("POST", str(self._description()["token_endpoint"]), data=fields, auth=(self._client, self._secret))

    def _believed(self, token: str, asked: Asked) -> Mapping[str, Any]:
        """The claims of an ID token that holds."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(time.time()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            nonce={"essential": True, "value": asked.nonce},
            aud={"essential": True, "value": self._client},
            sub={"essential": True, "allow_blank": False},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            keys = KeySet.import_key_set(_asked("GET", str(self._description()["jwks_uri"])))  # type: ignore[arg-type]
            claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise RefusedError(_("what the sign-in service said is not to be believed."), remedy=_(_INSTEAD)) from error
        authorised = claims.get("azp", self._client)
        if authorised != self._client or (isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims):
            raise RefusedError(_("what the sign-in service said was said to others."), remedy=_(_INSTEAD))
        return claims

    def _description(self) -> Mapping[str, Any]:
        """The service's own description, asked once; it must be this issuer's, and lead nowhere where it could be read."""
        with self._lock:
            if self._described is None:
                found = _asked("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                endpoints = [found.get(name, "") for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
                if found.get("issuer") != self.issuer or not all(_is_private(str(one)) for one in endpoints):
                    raise RefusedError(_("the sign-in service describes itself as another."), where=ISSUER, remedy=_(_INSTEAD))
                self._described = found
            return self._described


def _is_private(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES)


def _asked(method: str, address: str, **more: Any) -> Mapping[str, Any]:
    """What the service answers as JSON."""
    import httpx

    try:
        answer = httpx.request(method, address, timeout=_PATIENCE_S, headers={"accept": "application/json"}, **more)
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise RefusedError(_("the sign-in service does not answer as it should."), remedy=_(_INSTEAD)) from error
    if not isinstance(found, dict):
        raise RefusedError(_("the sign-in service does not answer as it should."), remedy=_(_INSTEAD))
    return found
