"""A small OpenID Connect provider of our own that can be told to lie."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "rapport", "a-secret-of-the-centre"
KEY, OTHER_KEY = (RSAKey.generate_key(2048, parameters={"kid": "one", "use": "sig", "alg": "RS256"}) for _ in range(2))
NONE_TOO = JWSRegistry(algorithms=["RS256", "none", "HS256"])


class StandIn:
    """Signs in whoever `person` is, without asking; `lie` changes what it says."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = KEY
        self.person: dict[str, Any] = {"sub": "s-1", "email": "lena@example.org", "email_verified": True}
        self.codes: dict[str, dict[str, str]] = {}
        self.lie: dict[str, Any] = {}  # claims of the id token to change; None leaves one out
        self.metadata: dict[str, Any] = {}  # of the description to change
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.other_key = False  # sign with a key that is not in the set
        self.userinfo: dict[str, Any] = {}  # to change
        self.email_in_token = True
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/auth", self.authorise),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.keys),
                Route("/me", self.me),
            ]
        )

    def describe(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "userinfo_endpoint": f"{self.url}/me",
                "id_token_signing_alg_values_supported": ["RS256"],
                "authorization_response_iss_parameter_supported": True,
                **self.metadata,
            }
        )

    def authorise(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256" and asked["nonce"] and asked["state"]
        code = secrets.token_urlsafe(12)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={self.url}", 303)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        given = base64.b64decode(request.headers["authorization"].split()[1]).decode()
        asked = self.codes.pop(str(form["code"]), None)  # once only
        challenge = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        fits = asked and base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == asked["code_challenge"]
        if given != f"{CLIENT}:{SECRET}" or not fits or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        person = {k: v for k, v in self.person.items() if k == "sub" or self.email_in_token}
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **person}
        claims = {k: v for k, v in {**claims, **self.lie}.items() if v is not None}
        key: Any = OTHER_KEY if self.other_key else self.key
        if self.header["alg"] == "HS256":
            key = OctKey.import_key(SECRET)
        made = jwt.encode(self.header, claims, key, registry=NONE_TOO)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": made})

    def keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    def me(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer a"
        return JSONResponse({**self.person, **self.userinfo})
