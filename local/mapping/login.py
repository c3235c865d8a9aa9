"""How the mapping reaches a local MSK: as a role, as Lambda's pollers do, or past all checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials

from local.msk import REGION, LocalMsk, Role

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Known(CredentialProvider):  # type: ignore[misc] # botocore has no types
    """Answers a role's credentials to the signer."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self._role = role

    def load(self) -> Credentials:
        role = self._role
        return Credentials(role.access_key_id, role.secret_access_key, role.session_token)


def as_role(msk: LocalMsk, role: Role) -> Mapping[str, Any]:
    """Log in with the function's execution role."""

    def token(_: object) -> tuple[str, float]:
        text, end_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
            REGION, _Known(role)
        )
        return text, end_ms / 1000

    return {
        "bootstrap.servers": msk.bootstrap,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": token,
        "ssl.ca.location": str(msk.ca_file),
    }


def past_checks(msk: LocalMsk) -> Mapping[str, Any]:
    """Read by the listener without login."""
    return {"bootstrap.servers": msk.plaintext}
