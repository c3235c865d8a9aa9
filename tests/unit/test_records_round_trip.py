"""What was consumed can be produced again with identical bytes."""

from __future__ import annotations

import json

import msgspec
import pytest
from awslambdaric.lambda_runtime_marshaller import Encoder
from hypothesis import given
from hypothesis import strategies as st

from msk_client import answer
from msk_client.records import Format, Headers, Outgoing, Record, RecordInput, encode, to_json

LIKE_JSON = st.sampled_from([b"null", b"0", b'""', b"{}", b"[1e999]", b"NaN", b'"\\ud800"'])
BYTES = st.none() | st.binary() | st.text().map(str.encode) | LIKE_JSON
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
HEADERS: st.SearchStrategy[Headers] = st.lists(st.tuples(NAMES, BYTES), max_size=4)
TIMESTAMPS = st.none() | st.integers(1, 2**63 - 1)
RECORDS = st.builds(
    Record,
    topic=st.just("orders"),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=TIMESTAMPS,
    timestamp_type=st.sampled_from(["create", "log_append", None]),
    key=BYTES,
    value=BYTES,
    headers=HEADERS,
)


def copied(record: Record, form: Format) -> Outgoing:
    """Consume a record, send the answer through JSON, and produce what comes out."""
    event = json.loads(json.dumps(to_json(record, form)))
    return encode(msgspec.convert(event, RecordInput), "orders", "records[0]")


@given(RECORDS, st.sampled_from(["text", "base64"]))
def test_a_copy_is_identical(record: Record, form: Format) -> None:
    """A record that is consumed and produced again keeps bytes, headers, time and partition."""
    expected = Outgoing(
        record.key, record.value, record.headers, record.partition, record.timestamp_ms or 0
    )
    assert expected == copied(record, form)


@given(RECORDS)
def test_a_json_copy_keeps_the_rest(record: Record) -> None:
    """A record copied in the json format keeps key, headers and time."""
    copy = copied(record, "json")
    expected = (record.key, record.headers, record.timestamp_ms or 0)
    assert expected == (copy.key, copy.headers, copy.timestamp_ms)


@pytest.mark.parametrize("runtime", ["AWS_Lambda_python3.11", "AWS_Lambda_python3.13"])
def test_every_record_can_be_marshalled(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a record holds, either kind of runtime can write its JSON form as UTF-8."""
    monkeypatch.setenv("AWS_EXECUTION_ENV", runtime)
    encoder = Encoder()

    @given(RECORDS, st.sampled_from(["text", "json", "base64"]))
    def check(record: Record, form: Format) -> None:
        text = encoder.encode(to_json(record, form))
        assert to_json(record, form) == json.loads(text.encode(), parse_constant=pytest.fail)

    check()


@given(RECORDS, st.sampled_from(["text", "json", "base64"]))
def test_the_size_is_the_marshalled_size(record: Record, form: Format) -> None:
    """A record's size is that of its JSON form as the runtime writes it."""
    shown = to_json(record, form)
    assert len(Encoder().encode(shown).encode()) == answer.size_bytes(shown)
