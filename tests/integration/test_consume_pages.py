"""Pages: their size as the runtime writes it, and every record exactly once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.answer import MAX_ANSWER_BYTES, size_bytes
from msk_client.errors import InvalidRequest
from msk_client.records import Record
from tests.integration.answers import consume, pages_of, places_of, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.msk import LocalMsk
    from msk_client.deadline import Deadline
    from msk_client.kafka import MskKafka
    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol

MIB = 1024 * 1024
LARGEST = {"max.message.bytes": str(8 * MIB)}
ALMOST_8_MIB = 8 * MIB - 200
"""A record's value that just fits, with the batch's own bytes."""


def marshalled_bytes(body: dict[str, Any]) -> int:
    """The bytes that Lambda gets to see."""
    return size_bytes({"statusCode": 200, "body": body})


def test_pages_of_some_records(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """Pages over several partitions, by `next` until the end, give every record exactly once."""
    name = topic(3)
    for partition, count in enumerate((40, 0, 7)):
        eyes.produce(name, [b"%d" % i for i in range(count)], partition)
    pages = list(pages_of(call, consume(name, max_records=9)))
    assert [page["count"] for page in pages[:-1]] == [9] * (len(pages) - 1)
    assert {page["stopped"] for page in pages[:-1]} == {"max_records"}
    read = [place for page in pages for place in places_of(page)]
    assert sorted(read) == [(0, i) for i in range(40)] + [(2, i) for i in range(7)]
    assert [place for place in read if place[0] == 0] == [(0, i) for i in range(40)]


def test_a_full_last_page_stops_at_the_end(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Where `max_records` takes exactly what is there, the page stopped at the end."""
    name = topic()
    eyes.produce(name, [b"a", b"b", b"c"])
    assert call(consume(name, max_records=3))["stopped"] == "end"
    assert call(consume(name, max_records=2))["stopped"] == "max_records"


@pytest.mark.parametrize("text", ["é", "日", "😀", '"\n', "\x01", "x"])
def test_a_page_is_as_large_as_lambda_allows(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes, text: str
) -> None:
    """Whatever its characters become in the answer, a page fits, and wastes at most a record."""
    name = topic()
    value = (text * 3000).encode()
    one = size_bytes(text * 3000)
    eyes.produce(name, [value] * (MAX_ANSWER_BYTES // one + 20))
    first = call(consume(name))
    assert first["stopped"] == "max_bytes"
    assert MAX_ANSWER_BYTES - one - 1500 < marshalled_bytes(first) <= MAX_ANSWER_BYTES
    assert set(values_of(first)) == {text * 3000}
    rest = call(consume(name, from_={"offsets": first["next"]}))
    assert first["count"] + rest["count"] == MAX_ANSWER_BYTES // one + 20


@pytest.mark.parametrize("form", ["text", "json", "base64"])
def test_pages_of_any_size(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes, form: str
) -> None:
    """No page of mixed records passes `max_bytes`, each advances, and none is lost or repeated."""
    dice = random.Random(7)
    name = topic(2)
    for partition in range(2):
        values = [_some_value(dice) for _ in range(60)]
        keys = [dice.choice([None, b"k", b"\xff" * 30, "é".encode() * 300]) for _ in values]
        eyes.produce(name, values, partition, keys=keys)
    for max_bytes in (2_000, 5_000, 30_000):
        pages = list(pages_of(call, consume(name, max_bytes=max_bytes, format=form)))
        assert max(marshalled_bytes(page) for page in pages) <= max_bytes
        assert all(page["count"] for page in pages)
        read = sorted(place for page in pages for place in places_of(page))
        assert read == [(p, i) for p in range(2) for i in range(60)]


def _some_value(dice: random.Random) -> bytes | None:
    """Nothing, binary, text, JSON, of some length."""
    length = dice.choice([0, 10, 500, 3000])
    return dice.choice(
        [None, dice.randbytes(length), "é".encode() * length, b'{"a": [%s]}' % (b"1," * length)]
    )


def test_a_max_bytes_without_room_for_a_record_is_refused(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A `max_bytes` that fits no record is refused with the least that would do."""
    name = topic(5)
    eyes.produce(name, [b"x" * 5000])
    with pytest.raises(InvalidRequest, match="give at least ") as raised:
        call(consume(name, max_bytes=500))
    least = int(str(raised.value).partition("at least ")[2].split()[0])
    body = call(consume(name, max_bytes=least))
    assert body["records"][0]["value_omitted"] is True
    assert marshalled_bytes(body) <= least
    with pytest.raises(InvalidRequest):
        call(consume(name, max_bytes=least - 1))


def test_a_record_that_fits_no_page_comes_without_its_value(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """An 8 MiB record comes with its key and headers, its size, and no value; the rest as usual."""
    name = topic(config=LARGEST)
    values = [b"small", os.urandom(ALMOST_8_MIB), b"last"]
    eyes.produce(name, values, keys=[b"k0", b"k1", b"k2"], headers=[("h", b"1")])
    pages = list(pages_of(call, consume(name)))
    records = [record for page in pages for record in page["records"]]
    assert [record["key"] for record in records] == ["k0", "k1", "k2"]
    assert [record.get("value") for record in records] == ["small", None, "last"]
    assert [record.get("value_omitted", False) for record in records] == [False, True, False]
    assert records[1]["value_size_bytes"] == ALMOST_8_MIB
    assert records[1]["headers"] == [["h", "1"]]
    assert not {"value", "value_base64"} & set(records[1])


def test_a_key_that_fits_no_page_is_omitted_too(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Where the key alone is too large it is left out as well, and the page still advances."""
    name = topic(config=LARGEST)
    eyes.produce(name, [b"v", b"w"], keys=[b"\x00" * 7 * MIB, b"k"])
    pages = list(pages_of(call, consume(name)))
    first, second = (record for page in pages for record in page["records"])
    assert (first["value_omitted"], first["key_omitted"], "key" in first) == (True, True, False)
    assert (second["key"], second["value"]) == ("k", "w")


def test_a_value_is_omitted_only_where_it_must_be(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A record that fits a page of its own ends the page before it and comes whole."""
    name = topic(config=LARGEST)
    large = os.urandom(4 * MIB)
    eyes.produce(name, [b"x" * MIB, large])
    first, second = pages_of(call, consume(name))
    assert (first["count"], first["stopped"]) == (1, "max_bytes")
    assert b64decode(second["records"][0]["value_base64"]) == large


def test_the_port_reads_the_largest_records(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """Records of 8 MiB are read byte by byte as they were written."""
    name = topic(config=LARGEST)
    values = [os.urandom(ALMOST_8_MIB) for _ in range(3)]
    eyes.produce(name, values)
    events = kafka.read(name, {0: (0, 3)}, deadline, read_committed=True)
    assert [event.value for event in events if isinstance(event, Record)] == values


def test_pages_while_a_producer_is_writing(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """On a busy topic the first page's `end` as `until` makes the pages end, each record once."""
    name = topic(2)
    eyes.produce(name, [b"0"] * 200)
    enough = threading.Event()
    writer = threading.Thread(target=_write_until, args=(eyes, name, enough))
    writer.start()
    try:
        first = call(consume(name, max_records=50))
        event = consume(
            name,
            max_records=50,
            from_={"offsets": first["next"]},
            until={"offsets": first["end"]},
        )
        pages = [first, *pages_of(call, event)]
    finally:
        enough.set()
        writer.join()
    read = sorted(place for page in pages for place in places_of(page))
    assert read == [(p, i) for p in range(2) for i in range(first["end"][str(p)])]
    assert eyes.watermarks(name)[1] > first["end"]["0"]


def _write_until(eyes: Eyes, topic: str, enough: threading.Event) -> None:
    producer = eyes.producer()
    while not enough.is_set():
        for partition in range(2):
            producer.produce(topic, b"busy", partition=partition)
        producer.flush()


READ_MUCH = """
import re, sys
from pathlib import Path
from msk_client.deadline import Deadline
from msk_client.kafka import MskKafka
from msk_client.settings import settings

def peak_mib():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

topic, count = sys.argv[1], int(sys.argv[2])
before = peak_mib()
events = MskKafka(settings()).read(topic, {0: (0, count)}, Deadline.after(60), read_committed=True)
read = sum(len(getattr(event, "value", b"")) for event in events)
print(read, peak_mib() - before)
"""


def test_memory_does_not_grow_with_what_is_read(
    msk: LocalMsk, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Reading hundreds of MiB in records of 8 MiB takes the memory of the queues only."""
    name = topic(config=LARGEST)
    value = os.urandom(ALMOST_8_MIB)
    eyes.produce(name, [value] * 24)
    environ = os.environ | msk.environment() | {"PYTHONPATH": "src"}
    done = subprocess.run(  # noqa: S603 - this Python, no shell
        [sys.executable, "-c", READ_MUCH, name, "24"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    read, grown_mib = map(int, done.stdout.split())
    assert read == 24 * ALMOST_8_MIB
    assert grown_mib < 80
