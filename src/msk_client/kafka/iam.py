"""MSK's IAM token: a SigV4-presigned `kafka-cluster:Connect` URL, base64url-encoded.

Lambda puts the role's credentials into the environment, and signing is a little standard library;
every other source (profile, container, SSO, ...) is left to botocore, whose import costs a cold
start dearly and so happens only there. The tests hold the signature against AWS's own signer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from msk_client.errors import AuthenticationFailed
from msk_client.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.settings import Settings

TOKEN_LIFE_S = 900
EXPIRY_MARGIN_S = 10
"""MSK ends the session with the credentials: stop using them a little earlier."""

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    """A token for the broker; times are wall clock seconds, as librdkafka wants them."""

    text: str
    principal: str
    made_at_s: float
    expires_at_s: float


def sign(credentials: Credentials, region: str, now_s: float, life_s: int = TOKEN_LIFE_S) -> str:
    """Presign `kafka-cluster:Connect` for `region`, valid for `life_s` seconds from `now_s`."""
    host = f"kafka.{region}.amazonaws.com"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
    scope = f"{stamp[:8]}/{region}/kafka-cluster/aws4_request"
    query = _query(credentials, scope, stamp, life_s)
    request = f"GET\n/\n{query}\nhost:{host}\n\nhost\n{EMPTY_SHA256}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}").hex()
    url = f"https://{host}/?{query}&X-Amz-Signature={signature}&User-Agent=msk-lambda-client"
    return base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _query(credentials: Credentials, scope: str, stamp: str, life_s: int) -> str:
    """The signed parameters in SigV4's canonical order."""
    parameters = {
        "Action": "kafka-cluster:Connect",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.access_key_id}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(life_s),
        "X-Amz-SignedHeaders": "host",
    }
    if credentials.session_token:
        parameters["X-Amz-Security-Token"] = credentials.session_token
    return urlencode(sorted(parameters.items()), quote_via=quote, safe="-_.~")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class TokenSource:
    """Mints tokens and remembers the latest one and why minting failed."""

    def __init__(
        self,
        settings: Settings,
        life_s: int = TOKEN_LIFE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.life_s = life_s
        self.clock = clock
        self.source = "environment"

    def mint(self) -> Token:
        """Sign a new token; raises `AuthenticationFailed` where there is nothing to sign with."""
        credentials = self._credentials()
        now_s = self.clock()
        expires_at_s = now_s + self.life_s
        if credentials.expires_at_s is not None:
            if credentials.expires_at_s - EXPIRY_MARGIN_S <= now_s:
                raise AuthenticationFailed(self._expired(credentials))
            expires_at_s = min(expires_at_s, credentials.expires_at_s - EXPIRY_MARGIN_S)
        text = sign(credentials, self.settings.region, now_s, self.life_s)
        return Token(text, credentials.access_key_id, now_s, expires_at_s)

    def _credentials(self) -> Credentials:
        if self.settings.credentials is not None:
            return self.settings.credentials
        self.source = "botocore's provider chain"
        found = from_botocore(self.settings.connect_timeout_s)
        if found is None:
            raise AuthenticationFailed(
                "There are no AWS credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                " in the environment nor any other source. In Lambda they come from the execution"
                " role: check that the function has one; elsewhere export credentials first."
            )
        return found

    def _expired(self, credentials: Credentials) -> str:
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(credentials.expires_at_s))
        return (
            f"The AWS credentials of key {credentials.access_key_id} (from {self.source}) ended at"
            f" {end}: renew them; in Lambda a new execution environment gets new ones."
        )


def from_botocore(timeout_s: float) -> Credentials | None:
    """Ask botocore's provider chain, which may call other services; None where it finds nothing."""
    found: list[Credentials | Exception | None] = []

    def ask() -> None:
        try:
            found.append(_ask_botocore())
        except Exception as problem:  # noqa: BLE001 - raised again in the caller's thread
            found.append(problem)

    asking = Thread(target=ask, name="credentials", daemon=True)
    asking.start()
    asking.join(timeout_s)
    if not found:
        raise AuthenticationFailed(
            f"The source of AWS credentials did not answer within {timeout_s:.0f} s: check the"
            " profile or endpoint that is configured, or give credentials in the environment."
        )
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _ask_botocore() -> Credentials | None:
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - dear at cold start
    from botocore.session import get_session  # noqa: PLC0415 - same

    try:
        provider = get_session().get_credentials()
        if provider is None:
            return None
        frozen = provider.get_frozen_credentials()
    except BotoCoreError as problem:
        raise AuthenticationFailed(
            f"The AWS credentials could not be loaded: {problem} Check the source that is"
            " configured, or give the function credentials in its environment."
        ) from problem
    expiry = getattr(provider, "_expiry_time", None)
    return Credentials(
        frozen.access_key, frozen.secret_key, frozen.token or None, expiry and expiry.timestamp()
    )
