"""`python -m bench.batch`: a mapping's batch to NDJSON, beside the same by Powertools' classes."""

from __future__ import annotations

import argparse
import base64
import gc
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.data_classes import KafkaEvent
from aws_lambda_powertools.utilities.kafka import ConsumerRecords

from bench.table import markdown, number, ratio
from msk_client.batch import parse
from msk_client.s3.formats import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RECORDS = 10_000
PARTITIONS = 3
VALUE_BYTES = 250
ROUNDS = 15
WANTED = 0.25
TIMESTAMP_TYPES = {"CREATE_TIME": "create", "LOG_APPEND_TIME": "log_append"}


def batch(count: int = RECORDS) -> dict[str, Any]:
    """Make an event of so many records: JSON values, keys, one header each; nearly 6 MB."""
    records: dict[str, list[dict[str, Any]]] = {f"orders-{p}": [] for p in range(PARTITIONS)}
    for i in range(count):
        value = {"id": i, "user": "älice", "text": "x" * VALUE_BYTES}
        records[f"orders-{i % PARTITIONS}"].append(
            {
                "topic": "orders",
                "partition": i % PARTITIONS,
                "offset": i,
                "timestamp": 1_700_000_000_000 + i,
                "timestampType": "CREATE_TIME",
                "key": base64.b64encode(b"k%d" % i).decode(),
                "value": base64.b64encode(json.dumps(value, ensure_ascii=False).encode()).decode(),
                "headers": [{"trace": list(b"0af7651916cd43dd")}],
            }
        )
    return {"eventSource": "aws:kafka", "bootstrapServers": "b-1:9098", "records": records}


def as_json(event: dict[str, Any]) -> bytes:
    """Write an event as Lambda does."""
    return json.dumps(event, separators=(",", ":")).encode()


def ours(event: dict[str, Any]) -> bytes:
    """The function's own reader and lines."""
    lines, write = bytearray(), Format("ndjson", "").writer()
    for part in parse(event).parts:
        for record in part.records:
            write(record, lines)
    return bytes(lines)


def kafka_event(event: dict[str, Any]) -> bytes:
    """Powertools' data class."""
    lines = []
    for record in KafkaEvent(event).records:
        key = record.decoded_key
        headers = {name: value.decode() for name, value in record.decoded_headers.items()}
        line = _line(record, key and key.decode(), record.decoded_value.decode(), headers)
        lines.append(line)
    return "".join(lines).encode()


def consumer_records(event: dict[str, Any]) -> bytes:
    """Powertools' Kafka utility."""
    lines = []
    for record in ConsumerRecords(event).records:
        headers = [(name, value.decode()) for name, value in record.headers.items()]
        lines.append(_line(record, record.key, record.value, dict(headers)))
    return "".join(lines).encode()


def _line(record: Any, key: object, value: object, headers: dict[str, str]) -> str:  # noqa: ANN401 - either class
    shown = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "timestamp_type": TIMESTAMP_TYPES[record.timestamp_type],
        "key": key,
        "value": value,
        "headers": [[name, header] for name, header in headers.items()],
    }
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")) + "\n"


CONTENDERS: tuple[Callable[[dict[str, Any]], bytes], ...] = (ours, kafka_event, consumer_records)


def compare(count: int, rounds: int) -> dict[str, list[float]]:
    """Take turns; milliseconds of CPU of each by name. Raises where their lines differ."""
    expected = ours(batch(count))
    taken: dict[str, list[float]] = {one.__name__: [] for one in CONTENDERS}
    for _ in range(rounds):
        for one in CONTENDERS:
            event = batch(count)  # Powertools keeps what it decoded in the event
            gc.collect()
            started = time.process_time()
            lines = one(event)
            taken[one.__name__].append((time.process_time() - started) * 1000)
            if lines != expected:
                raise SystemExit(f"{one.__name__} made other lines")
    return taken


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser("python -m bench.batch", description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS, help=f"default: {RECORDS}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    options = parser.parse_args(arguments)
    taken = compare(options.records, options.rounds)
    best = {name: min(times) for name, times in taken.items()}
    fastest = min(best[one.__name__] for one in CONTENDERS[1:])
    rows = [("reader", "best, ms", "median, ms", "ours, as a ratio", "wanted, at most")]
    for name, times in taken.items():
        told = "" if name == "ours" else ratio(best["ours"] / best[name])
        wanted = f"{WANTED}" if best[name] == fastest else ""
        rows.append((name, number(best[name]), number(statistics.median(times)), told, wanted))
    print(markdown(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
