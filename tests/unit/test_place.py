"""`from` and `until`: what they may say."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from msk_client.actions.consuming.place import Place, PlaceInput, place
from msk_client.errors import InvalidRequest

STARTS = ("beginning", "end", "committed")


def start(given: Any) -> Place:  # noqa: ANN401 - any JSON
    """Make the place that an event's `from` names."""
    kind: Any = str | PlaceInput
    return place(msgspec.convert(given, kind, str_keys=True), "from", STARTS)


def refusal(given: object) -> str:
    """Answer why a `from` is refused."""
    with pytest.raises(InvalidRequest) as caught:
        start(given)
    return str(caught.value)


@pytest.mark.parametrize("word", STARTS)
def test_words(word: str) -> None:
    """A word names a place."""
    assert word == start(word).kind


@pytest.mark.parametrize(
    ("text", "before_ms"),
    [("-90m", 5_400_000), ("-1s", 1_000), ("-2h", 7_200_000), ("-7d", 604_800_000), ("-0s", 0)],
)
def test_relative_times(text: str, before_ms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of seconds, minutes, hours or days before now is a time."""
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.5)
    assert Place("timestamp", timestamp_ms=1_700_000_000_500 - before_ms) == start(text)


def test_long_before_the_beginning_of_time() -> None:
    """A time before 1970 is 1970, so that it means everything."""
    assert 0 == start("-999999999999d").timestamp_ms


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000_000),
        ("2023-11-14 22:13:20.123", 1_700_000_000_123),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000_000),
        ("2023-11-14", 1_699_920_000_000),
        ("2009-02-13T23:31:30.001Z", 1_234_567_890_001),
        ("1969-12-31T23:59:59Z", 0),
        ("0001-01-01", 0),
    ],
)
def test_iso_times(text: str, expected_ms: int) -> None:
    """ISO 8601 with a zone is that instant, without one it is UTC, and no earlier than 1970."""
    assert expected_ms == start({"timestamp": text}).timestamp_ms


@pytest.mark.parametrize("milliseconds", [0, 1, 999])
def test_iso_times_are_exact(milliseconds: int) -> None:
    """Milliseconds of an ISO time come out exactly, as no binary fraction would."""
    for second in range(0, 1_700_000_000, 98_765_432):
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)) + f".{milliseconds:03}Z"
        assert second * 1000 + milliseconds == start({"timestamp": text}).timestamp_ms


@pytest.mark.parametrize("given", [100_000_000_000, 1_700_000_000_000, 2**63 - 1])
def test_milliseconds(given: int) -> None:
    """A number is milliseconds since 1970."""
    assert Place("timestamp", timestamp_ms=given) == start({"timestamp": given})


def test_milliseconds_beyond_kafkas_are_its_last() -> None:
    """A number too large for Kafka means its largest."""
    assert 2**63 - 1 == start({"timestamp": 10**30}).timestamp_ms


@pytest.mark.parametrize("given", [99_999_999_999, 1_700_000_000, 0, -1])
def test_numbers_that_look_like_seconds(given: int) -> None:
    """Numbers below 10^11 are refused, because they are seconds that were meant."""
    assert "looks like seconds" in refusal({"timestamp": given})


@pytest.mark.parametrize("text", ["", "now", "2023-13-01", "1700000000000", "-90m", "é" * 500])
def test_times_that_are_none(text: str) -> None:
    """A text that isn't ISO 8601 is refused with an example of one."""
    message = refusal({"timestamp": text})
    assert message.startswith("Field 'from.timestamp' is ")
    assert "'2026-01-31T12:00:00Z'" in message


def test_offsets() -> None:
    """Offsets are given by partition, whose numbers JSON has as texts."""
    assert Place("offsets", offsets={0: 10, 12: 0}) == start({"offsets": {"0": 10, "12": 0}})


def test_a_tail() -> None:
    """A tail is a number of records."""
    assert Place("tail", tail=3) == start({"tail": 3})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "it has none"),
        ({"tail": 1, "offsets": {"0": 1}}, "it has offsets, tail"),
        ({"offsets": {}}, "names no partition"),
    ],
)
def test_exactly_one_of_three(given: object, told: str) -> None:
    """An object names exactly one of offsets, timestamp and tail, and offsets of something."""
    assert told in refusal(given)


@pytest.mark.parametrize(("word", "near"), [("begining", "beginning"), ("commited", "committed")])
def test_a_misspelled_word_names_the_nearest(word: str, near: str) -> None:
    """A misspelled word is refused with the nearest one."""
    assert f"Field 'from' is {word!r}: did you mean {near!r}?" == refusal(word)


@pytest.mark.parametrize("word", ["-90", "90m", "-1.5h", "-1w", "--1h", "+1h", "", "x" * 500])
def test_a_strange_word_shows_what_is_possible(word: str) -> None:
    """A word unlike any other is refused with the words and the form of relative times."""
    message = refusal(word)
    assert "'beginning', 'end', 'committed', a relative time such as '-90m'" in message
    assert 300 > len(message)


def test_until_has_no_tail() -> None:
    """A tail says where a read starts, and never where it ends."""
    with pytest.raises(InvalidRequest, match=r"'until\.tail' makes no sense"):
        place(PlaceInput(tail=1), "until", ("end",))


@pytest.mark.parametrize("word", ["beginning", "committed"])
def test_until_has_fewer_words(word: str) -> None:
    """A read doesn't end at its beginning or at a bookmark."""
    with pytest.raises(InvalidRequest, match="Field 'until' is"):
        place(word, "until", ("end",))
