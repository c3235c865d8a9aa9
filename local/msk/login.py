"""How any client logs in to a local MSK the way AWS documents it: with the official signer.

Not imported by the package itself, which needs neither the signer nor botocore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials

from local.msk.roles import DEFAULT_ROLE, REGION, Role

if TYPE_CHECKING:
    from local.msk.cluster import LocalMsk


class _Known(CredentialProvider):  # type: ignore[misc] # botocore has no types
    """Answers a role's credentials to the signer."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self._role = role

    def load(self) -> Credentials:
        role = self._role
        return Credentials(role.access_key_id, role.secret_access_key, role.session_token)


def token(role: Role = DEFAULT_ROLE) -> tuple[str, float]:
    """Make the official signer's token, and its end in seconds."""
    text, end_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
        REGION, _Known(role)
    )
    return text, end_ms / 1000


def as_role(msk: LocalMsk, role: Role = DEFAULT_ROLE) -> dict[str, Any]:
    """Make a client's settings with which it logs in as the role."""
    return {
        "bootstrap.servers": msk.bootstrap,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": lambda _: token(role),
        "ssl.ca.location": str(msk.ca_file),
    }


def past_checks(msk: LocalMsk) -> dict[str, Any]:
    """Make those of a client on the listener without login."""
    return {"bootstrap.servers": msk.plaintext}
