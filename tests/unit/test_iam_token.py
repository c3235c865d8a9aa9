"""Tokens: how long they live, and what is said where there are no credentials."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import botocore.session
import pytest
from botocore.exceptions import ProfileNotFound
from hypothesis import given
from hypothesis import strategies as st

from msk_client.errors import AuthenticationFailed, InvalidSetting
from msk_client.kafka.iam import EXPIRY_MARGIN_S, TOKEN_LIFE_S, TokenSource, sign
from msk_client.settings import Credentials
from tests.unit.invoking import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_S = 1_700_000_000.25
KEYS = Credentials("AKIDEXAMPLE", "a-secret-key", "a-session-token", None)


def source(credentials: Credentials | None, life_s: int = TOKEN_LIFE_S) -> TokenSource:
    """Make a source of tokens whose clock stands still."""
    return TokenSource(replace(SETTINGS, credentials=credentials), life_s, lambda: NOW_S)


def ending(expires_at_s: float | None) -> Credentials:
    """Make credentials with an end."""
    return replace(KEYS, expires_at_s=expires_at_s)


# Life


def test_a_token_lives_fifteen_minutes() -> None:
    """A token's times are seconds of the wall clock, 900 apart, and its principal is the key id."""
    token = source(KEYS).mint()
    assert (NOW_S, NOW_S + 900) == (token.made_at_s, token.expires_at_s)
    assert "AKIDEXAMPLE" == token.principal
    assert sign(KEYS, "eu-west-1", NOW_S, 900) == token.text


def test_a_shorter_life() -> None:
    """A life given by the caller is the token's."""
    assert NOW_S + 10 == source(KEYS, life_s=10).mint().expires_at_s


@given(st.floats(0, 2_000))
def test_credentials_cap_a_tokens_life(left_s: float) -> None:
    """No token is used longer than its credentials, less a margin; later ends change nothing."""
    token = source(ending(NOW_S + EXPIRY_MARGIN_S + 1 + left_s)).mint()
    assert min(1 + left_s, TOKEN_LIFE_S) == pytest.approx(token.expires_at_s - NOW_S, abs=1e-5)


@pytest.mark.parametrize("left_s", [-3_600, -1, 0, EXPIRY_MARGIN_S])
def test_credentials_that_have_ended(left_s: float) -> None:
    """Credentials at their end are refused with key id, source and time, before any connection."""
    with pytest.raises(AuthenticationFailed) as caught:
        source(ending(NOW_S + left_s)).mint()
    end = datetime.fromtimestamp(int(NOW_S + left_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for told in ("AKIDEXAMPLE", "environment", end):
        assert told in str(caught.value)


def test_an_unknown_region_is_said() -> None:
    """Without a region no token is signed, and the message names the setting."""
    tokens = TokenSource(replace(SETTINGS, credentials=KEYS, kafka_region=None))
    with pytest.raises(InvalidSetting, match="KAFKA_REGION"):
        tokens.mint()


# botocore's provider chain


class Frozen(NamedTuple):
    """What botocore answers for credentials at one moment."""

    access_key: str
    secret_key: str
    token: str | None


class Provider:
    """Credentials of botocore, plain or refreshable."""

    def __init__(self, frozen: Frozen, expiry: datetime | None = None) -> None:
        self._frozen = frozen
        if expiry is not None:
            self._expiry_time = expiry

    def get_frozen_credentials(self) -> Frozen:
        """See botocore."""
        return self._frozen


@pytest.fixture(name="botocore_finds")
def chain(monkeypatch: pytest.MonkeyPatch) -> Callable[[Provider | None], None]:
    """Let botocore find a provider, or none."""

    def find(provider: Provider | None) -> None:
        class Session:
            def get_credentials(self) -> Provider | None:
                return provider

        monkeypatch.setattr(botocore.session, "get_session", Session)

    return find


@pytest.mark.parametrize(("token", "kept"), [("t0k3n", "t0k3n"), ("", None), (None, None)])
def test_botocores_credentials_are_used(
    botocore_finds: Callable[[Provider | None], None], token: str | None, kept: str | None
) -> None:
    """Without keys in the environment tokens are signed with what botocore finds."""
    botocore_finds(Provider(Frozen("AKIDPROFILE", "profile-secret", token)))
    tokens = source(None)
    expected = Credentials("AKIDPROFILE", "profile-secret", kept, None)
    assert sign(expected, "eu-west-1", NOW_S) == tokens.mint().text
    assert "botocore's provider chain" == tokens.source


def test_refreshable_credentials_tell_their_end(
    botocore_finds: Callable[[Provider | None], None],
) -> None:
    """Credentials that botocore renews cap the token's life by their present end."""
    end = datetime.fromtimestamp(NOW_S + 60, UTC)
    botocore_finds(Provider(Frozen("AKIDROLE", "secret", "t"), end))
    assert 60 - EXPIRY_MARGIN_S == pytest.approx(source(None).mint().expires_at_s - NOW_S)


def test_credentials_are_asked_for_anew(
    botocore_finds: Callable[[Provider | None], None],
) -> None:
    """Each token asks botocore again, which renews what has ended."""
    tokens = source(None)
    principals = []
    for key in ("AKIDONE", "AKIDTWO"):
        botocore_finds(Provider(Frozen(key, "secret", None)))
        principals.append(tokens.mint().principal)
    assert ["AKIDONE", "AKIDTWO"] == principals


def test_no_credentials(botocore_finds: Callable[[Provider | None], None]) -> None:
    """Where there are no credentials at all the message says where they should come from."""
    botocore_finds(None)
    with pytest.raises(AuthenticationFailed, match=r"^There are no AWS credentials: .*execution"):
        source(None).mint()


def test_credentials_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of botocore becomes one of ours, which tells botocore's reason."""

    def fail() -> NoReturn:
        raise ProfileNotFound(profile="staging")

    monkeypatch.setattr(botocore.session, "get_session", fail)
    with pytest.raises(AuthenticationFailed, match=r"could not be loaded: .*staging"):
        source(None).mint()


def test_a_source_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source of credentials that hangs is given up after the connect timeout."""
    forever = Event()
    monkeypatch.setattr(botocore.session, "get_session", forever.wait)
    settings = replace(SETTINGS, credentials=None, connect_timeout_ms=1)
    with pytest.raises(AuthenticationFailed, match="did not answer within"):
        TokenSource(settings).mint()
    forever.set()


def test_a_bug_in_a_source_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that isn't botocore's own is raised as it is."""

    def fail() -> NoReturn:
        raise KeyError("a bug")

    monkeypatch.setattr(botocore.session, "get_session", fail)
    with pytest.raises(KeyError, match="a bug"):
        source(None).mint()


def test_the_environment_needs_no_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """With keys in the environment botocore, which is dear to import, isn't asked."""

    def fail(*_: Any) -> NoReturn:  # noqa: ANN401 - whatever is asked
        pytest.fail("botocore was asked")

    monkeypatch.setattr(botocore.session, "get_session", fail)
    assert "AKIDEXAMPLE" == source(KEYS).mint().principal
