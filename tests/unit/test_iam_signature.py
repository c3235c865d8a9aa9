"""Our signer against AWS's own: same credentials, same time, same signature."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import botocore.auth
import botocore.credentials
import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from hypothesis import example, given
from hypothesis import strategies as st

from msk_client.kafka.iam import TOKEN_LIFE_S, sign
from msk_client.settings import Credentials

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80)
CREDENTIALS = st.builds(
    Credentials,
    access_key_id=PRINTABLE,
    secret_access_key=PRINTABLE | st.text(min_size=1),
    session_token=st.none() | PRINTABLE,
    expires_at_s=st.none(),
)
REGIONS = st.from_regex(r"[a-z]{2}(-[a-z]{2,9}){1,3}-[0-9]{1,2}", fullmatch=True)
TIMES = st.floats(0, datetime(2100, 1, 1, tzinfo=UTC).timestamp())


def parameters(token: str) -> tuple[str, dict[str, list[str]]]:
    """Take a token apart: the URL without its query, and the query but for the signer's name."""
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    query = parse_qs(url.query, strict_parsing=True)
    assert query.pop("User-Agent")
    return url._replace(query="").geturl(), query


def official(credentials: Credentials, region: str, now_s: float) -> tuple[str, int]:
    """Let AWS's signer make a token, with its clock stopped; answers the end in ms as well."""

    class Provider(botocore.credentials.CredentialProvider):  # type: ignore[misc] # untyped there
        def load(self) -> object:
            return botocore.credentials.Credentials(
                credentials.access_key_id, credentials.secret_access_key, credentials.session_token
            )

    moment = datetime.fromtimestamp(int(now_s), UTC).replace(tzinfo=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: moment)
        token, end_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
            region, Provider()
        )
    return token, end_ms


@given(CREDENTIALS, REGIONS, TIMES)
@example(Credentials("AKID", "a/b+c=", "t/o+k=%en~", None), "us-gov-east-1", 951_782_400.0)
def test_the_signature_is_that_of_aws(credentials: Credentials, region: str, now_s: float) -> None:
    """For any credentials, region and time our token equals AWS's but for the user agent."""
    theirs, _ = official(credentials, region, now_s)
    assert parameters(theirs) == parameters(sign(credentials, region, now_s))


def test_the_life_is_that_of_aws() -> None:
    """A token lives as long as AWS's does."""
    _, end_ms = official(Credentials("AKID", "secret", None, None), "eu-west-1", 1_000_000_000)
    assert end_ms == (1_000_000_000 + TOKEN_LIFE_S) * 1000


@given(CREDENTIALS, st.integers(1, 900))
def test_another_life_is_signed(credentials: Credentials, life_s: int) -> None:
    """A life given by the caller is signed into the token."""
    _, query = parameters(sign(credentials, "eu-west-1", 0, life_s))
    assert [str(life_s)] == query["X-Amz-Expires"]


@given(CREDENTIALS, REGIONS, TIMES)
def test_a_token_is_base64url_without_padding(
    credentials: Credentials, region: str, now_s: float
) -> None:
    """A token has only characters that OAUTHBEARER takes, and no padding."""
    text = sign(credentials, region, now_s)
    assert set() == {c for c in text if not (c.isascii() and (c.isalnum() or c in "-_"))}
