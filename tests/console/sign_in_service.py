"""A sign-in service of the tests' own: a small OpenID provider on the loopback interface that can be told to answer wrongly."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "polyrisk-console", "secret of the tests"


@dataclass
class Service:
    """Vouches for one person, and keeps what it was asked.

    Attributes:
        claims: what its token says beside what it must; a value of none leaves a claim out.
        signed_by: the key that signs, none for its own. algorithm: with which. describes: what it says of itself beside what it must.
    """

    subject: str = "248289761001"
    claims: dict[str, Any] = field(default_factory=dict)
    signed_by: ECKey | OctKey | None = None
    algorithm: str = "ES256"
    describes: dict[str, Any] = field(default_factory=dict)
    refuses: bool = False
    issuer: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "own"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        """Its pages."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.description),
                Route("/authorise", self.authorise),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", lambda _: JSONResponse({"keys": [self.key.as_dict(private=False)]})),
            ]
        )

    def description(self, _request: Request) -> Response:
        """OpenID Connect Discovery 1.0, section 3."""
        found = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorise", "token_endpoint": f"{self.issuer}/token"}
        return JSONResponse({**found, "jwks_uri": f"{self.issuer}/keys", **self.describes})

    def authorise(self, request: Request) -> Response:
        """The person is known here: they come back at once with a code, or with a refusal."""
        query = dict(request.query_params)
        assert (query["response_type"], query["client_id"], query["scope"]) == ("code", CLIENT, "openid")
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.asked[code] = query
        answer = {"error": "access_denied"} if self.refuses else {"code": code}
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode({**answer, 'state': query['state']})}", 303)

    async def token(self, request: Request) -> Response:
        """A code is taken once, from who asked for it: by its secret, its verifier and the address it came back to."""
        form = dict(await _fields(request))
        query = self.asked.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        right = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        known = request.headers.get("authorization") == f"Basic {right}"
        if query is None or not known or challenge != query["code_challenge"] or form["redirect_uri"] != query["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": query["nonce"]}
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        key = self.signed_by or self.key
        signed = jwt.encode({"alg": self.algorithm, "kid": "own"}, claims, key, algorithms=[self.algorithm])
        return JSONResponse({"access_token": "none of ours", "token_type": "Bearer", "id_token": signed})


async def _fields(request: Request) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl

    return parse_qsl((await request.body()).decode())
