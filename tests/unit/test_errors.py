"""The tree of errors."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client import errors
from msk_client.errors import MAX_MESSAGE_BYTES, MskClientError

LEAVES = MskClientError.__subclasses__()
CONTRACT = {
    "InvalidRequest": (400, False),
    "InvalidSetting": (500, False),
    "AuthenticationFailed": (401, False),
    "NotAuthorized": (403, False),
    "UnknownTopic": (404, False),
    "TopicExists": (409, False),
    "GroupInUse": (409, True),
    "RecordTooLarge": (413, False),
    "OffsetOutOfRange": (416, False),
    "UnknownObject": (404, False),
    "ObjectConflict": (409, False),
    "UnfitRecord": (422, False),
    "StorageRefused": (502, False),
    "StorageUnavailable": (503, True),
    "PartialFailure": (502, False),
    "BrokerUnreachable": (503, True),
    "ThrottledOrBusy": (503, True),
    "DeadlineExceeded": (504, True),
    "UnexpectedKafkaError": (500, False),
}


def test_the_tree_is_the_contract() -> None:
    """The classes, their statuses and whether they are retriable are those promised to callers."""
    assert CONTRACT == {leaf.__name__: (leaf.http_status, leaf.retriable) for leaf in LEAVES}


def test_the_drawing_is_the_tree() -> None:
    """The drawing in the module's docstring shows the classes as they are."""
    drawn = {
        name: (int(status), retriable != "")
        for name, status, retriable in re.findall(
            r"^[├└]── (\w+) +(\d+)(  retriable)?", errors.__doc__ or "", re.MULTILINE
        )
    }
    assert CONTRACT == drawn


@pytest.mark.parametrize("leaf", LEAVES)
def test_the_tree_is_flat(leaf: type[MskClientError]) -> None:
    """No class has children: Lambda tells callers a class and not its parents."""
    assert [] == leaf.__subclasses__()


@given(st.text(st.characters(codec=None)), st.integers(1, 3 * MAX_MESSAGE_BYTES))
def test_a_message_fits(text: str, repeats: int) -> None:
    """Whatever goes into a message, it is UTF-8 and at most 8 KB."""
    message = str(errors.InvalidRequest((text * repeats)[: 3 * MAX_MESSAGE_BYTES]))
    assert MAX_MESSAGE_BYTES >= len(message.encode())


@pytest.mark.parametrize("last", ["e", "é", "\U0001f600"])
def test_a_long_message_is_cut_between_characters(last: str) -> None:
    """A message that is too long ends in dots, with no half character before them."""
    message = str(errors.InvalidRequest("x" + last * MAX_MESSAGE_BYTES))
    assert re.fullmatch(f"x{last}+ \\.\\.\\.", message)
    assert MAX_MESSAGE_BYTES - len(last.encode()) < len(message.encode()) <= MAX_MESSAGE_BYTES


def test_a_message_of_the_greatest_length_is_whole() -> None:
    """A message that just fits isn't cut."""
    assert "x" * MAX_MESSAGE_BYTES == str(errors.InvalidRequest("x" * MAX_MESSAGE_BYTES))


def test_a_lone_surrogate_is_spelled_out() -> None:
    """A lone surrogate in a message is written as its escape."""
    assert "a\\ud800b" == str(errors.InvalidRequest("a\ud800b"))
