"""The centre's OpenID Connect provider: where to send people, and who came back from there.

Authorisation code with PKCE (S256), state and nonce. Authlib does the protocol; what it leaves to its caller is checked
here: that the provider is the one configured, the audience, the algorithms, and that all claims are about one subject.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Optional

import httpx
import msgspec
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError

from bot.errors import RapportError
from bot.settings import Settings

PATIENCE = 10.0  # seconds for an answer of the provider
SIGNED = ("RS", "PS", "ES", "Ed")  # beginnings of algorithms with a public key; never "none", never a shared secret


class Refused(RapportError):
    """Nobody came back that can be trusted; `reason` is "stale", "denied", "away" or "broken"."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {detail}")


class Flow(msgspec.Struct, frozen=True):
    """What this browser keeps while its person is away at the provider."""

    state: str
    nonce: str
    verifier: str
    after: str


class Visitor(msgspec.Struct, frozen=True):
    """Who came back: the provider, its name for them, and their address if the provider has checked it."""

    issuer: str
    subject: str
    email: Optional[str]


class Provider:
    """One provider, asked for its settings at the first sign-in."""

    def __init__(self, issuer: str, client_id: str, secret: str) -> None:
        self.issuer, self.client_id = issuer, client_id
        self.client = OAuth().register(
            "centre",
            client_id=client_id,
            client_secret=secret,
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "timeout": PATIENCE},
        )

    async def begin(self, back: str, after: str) -> tuple[str, Flow]:
        """The address to send a browser to, and what it keeps. Refused if the provider is away or not the one meant."""
        try:
            await self._metadata()
            made = await self.client.create_authorization_url(back)
        except httpx.HTTPError as error:
            raise Refused("away", type(error).__name__) from error
        except (ValueError, TypeError, RuntimeError) as error:
            raise Refused("broken", type(error).__name__) from error
        return made["url"], Flow(made["state"], made["nonce"], made["code_verifier"], after)

    async def end(self, answer: Mapping[str, str], flow: Optional[Flow], back: str) -> Visitor:
        """Who an answer of the provider is about; Refused in every case of doubt."""
        if flow is None or not hmac.compare_digest(answer.get("state", "").encode(), flow.state.encode()):
            raise Refused("stale")
        try:
            metadata = await self._metadata()
            named = answer.get("iss")  # RFC 9207: an answer of another provider must not be taken to this one
            always = metadata.get("authorization_response_iss_parameter_supported")
            if named != metadata["issuer"] and (named or always):
                raise Refused("broken", "iss of the answer")
            if "error" in answer or not answer.get("code"):
                raise Refused("denied", repr(answer.get("error", "no code"))[:60])
            token = await self.client.fetch_access_token(
                redirect_uri=back, code=answer["code"], code_verifier=flow.verifier, grant_type="authorization_code"
            )
            return await self._visitor(token, flow.nonce, metadata)
        except httpx.HTTPError as error:
            raise Refused("away", type(error).__name__) from error
        except (OAuthError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise Refused("broken", type(error).__name__) from error

    async def _visitor(self, token: Any, nonce: str, metadata: Mapping[str, Any]) -> Visitor:
        checks = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": self.client_id},
        }
        claims = await self.client.parse_id_token(token, nonce=nonce, claims_options=checks, leeway=60)
        if not claims or not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise Refused("broken", "no subject")
        subject = claims["sub"]
        if "email" not in claims and metadata.get("userinfo_endpoint"):
            claims = await self.client.userinfo(token=token)
            if claims.get("sub") != subject:
                raise Refused("broken", "userinfo is about somebody else")
        email, checked = claims.get("email"), claims.get("email_verified")
        known = isinstance(email, str) and checked is True
        return Visitor(metadata["issuer"], subject, email if known else None)

    async def _metadata(self) -> Mapping[str, Any]:
        metadata: dict[str, Any] = await self.client.load_server_metadata()
        if str(metadata.get("issuer")).rstrip("/") != self.issuer:
            self.client.server_metadata.clear()
            raise Refused("broken", "issuer of the provider's own description")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [x for x in offered if x.startswith(SIGNED)] or ["RS256"]
        return metadata


def provider_of(settings: Settings) -> Optional[Provider]:
    """The provider that is set, if one is."""
    if not settings.oidc_issuer:
        return None
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
