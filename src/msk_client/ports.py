"""What the actions need of Kafka: the port that the real client and the tests' fake both are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from msk_client.errors import InvalidRequest, MskClientError
from msk_client.records import Outgoing, Record

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from msk_client.deadline import Deadline


class Topic(msgspec.Struct, frozen=True):
    """A topic as the cluster describes it."""

    name: str
    num_partitions: int
    replication_factor: int


def no_such_partition(partition: int, topic: str, count: int) -> InvalidRequest:
    """Make the error for a partition that a topic of `count` partitions doesn't have."""
    return InvalidRequest(
        f"Partition {partition} does not exist: topic {topic!r} has 0 to {count - 1}."
    )


class NewTopic(msgspec.Struct, frozen=True):
    """A topic to create; None leaves the replication factor to the broker."""

    name: str
    num_partitions: int
    replication_factor: int | None
    config: dict[str, str]


class Broker(msgspec.Struct, frozen=True):
    """A broker of the cluster."""

    id: int
    host: str
    port: int


class Cluster(msgspec.Struct, frozen=True):
    """What the cluster says of itself."""

    cluster_id: str | None
    controller_id: int
    brokers: list[Broker]


class Mark(Enum):
    """A named place in a partition's log."""

    BEGINNING = "beginning"
    STABLE_END = "last stable offset"
    END = "high watermark"


Offsets = dict[int, int]
"""Partition -> offset."""

Status = Literal["delivered", "rejected", "not_delivered", "unknown"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of one produced record.

    delivered: in the log at `partition` and `offset`. rejected: refused by broker or client.
    not_delivered: never left. unknown: may be in the log. The last three carry `error`.
    """

    status: Status
    partition: int | None = None
    offset: int | None = None
    timestamp_ms: int | None = None
    error: MskClientError | None = None

    @property
    def retriable(self) -> bool:
        """Whether sending this record again can help, and can't make it stand twice."""
        certain = self.status in {"not_delivered", "rejected"}
        return certain and self.error is not None and self.error.retriable


class Produced(msgspec.Struct, frozen=True):
    """What became of all records of a produce, in their order."""

    num_partitions: int
    outcomes: list[Outcome]


Bulk = Sequence[Outgoing] | Sequence[bytes]
"""Records of a stream: all alike, and a value alone where they have nothing else."""


class Streamed(msgspec.Struct, frozen=True):
    """How far a stream came."""

    settled: int
    """So many records from the first on are delivered or refused; later ones may be delivered."""

    bytes: int
    refused: dict[int, Outcome]
    """Number of a record (from 0) -> why it is certainly not in the log."""

    cause: MskClientError | None
    """Why it ended before its last record was settled."""


class Stream(Protocol):
    """Records on their way to a topic, no more at once than memory should hold."""

    num_partitions: int

    def put(self, records: Bulk) -> bool:
        """Send at most 10,000 more, when there is room; False where the stream is over."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing more is taken: the time is nearly up, or sending has failed."""
        ...

    @property
    def refused(self) -> int:
        """How many records are known to be refused."""
        ...

    def finish(self) -> Streamed:
        """Wait for what is on its way; nothing leaves afterwards. Call it once, at the end."""
        ...


class Beginning(msgspec.Struct, frozen=True):
    """A read met offsets that are gone: it goes on at the log's beginning."""

    partition: int
    from_offset: int
    to_offset: int


class Position(msgspec.Struct, frozen=True):
    """A read has passed everything before `offset`, gaps and transaction markers included."""

    partition: int
    offset: int


Event = Record | Beginning | Position
"""What a read yields."""


class Kafka(Protocol):
    """A Kafka cluster. Every call ends by its deadline and raises only `MskClientError`."""

    @property
    def endpoint(self) -> str:
        """The bootstrap servers, as host:port, separated by commas."""
        ...

    def topic(self, name: str, deadline: Deadline) -> Topic | None:
        """Look a topic up; None where there is none."""
        ...

    def topic_id(self, name: str, deadline: Deadline) -> str | None:
        """Look up the id that tells a topic from an earlier one of its name; None where unknown."""
        ...

    def topics(self, deadline: Deadline) -> list[Topic]:
        """List the topics that the role may describe, in no order."""
        ...

    def cluster(self, deadline: Deadline) -> Cluster:
        """Describe the cluster."""
        ...

    def create_topic(self, topic: NewTopic, deadline: Deadline, *, validate_only: bool) -> None:
        """Create a topic and wait until each partition has a leader; raises `TopicExists`."""
        ...

    def produce(self, topic: str, records: Sequence[Outgoing], deadline: Deadline) -> Produced:
        """Send the records, and say of each what became of it; raises `UnknownTopic`."""
        ...

    def stream(self, topic: str, deadline: Deadline) -> Stream:
        """Begin to send records as they come; raises `UnknownTopic`."""
        ...

    def offsets(
        self,
        topic: str,
        partitions: Sequence[int],
        places: Sequence[Mark | int],
        deadline: Deadline,
    ) -> list[Offsets]:
        """Look up, for each place, an offset of each partition, all at the same time.

        A place is a mark, or a time: the first offset whose timestamp is >= that many ms. A
        partition without such a timestamp is left out.
        """
        ...

    def read(
        self,
        topic: str,
        ranges: Mapping[int, tuple[int, int]],
        deadline: Deadline,
        *,
        read_committed: bool,
    ) -> Generator[Event]:
        """Read [start, end) of each partition, in order within a partition.

        Ends when every end is reached, or quietly at the deadline. Each partition that is read to
        its end yields a last `Position` of at least that end.
        """
        ...

    def live_members(self, group: str, deadline: Deadline) -> int:
        """Count the members of a consumer group; after `committed`, which finds its coordinator."""
        ...

    def committed(
        self, group: str, topic: str, partitions: Sequence[int], deadline: Deadline
    ) -> Offsets:
        """Look up a group's committed offsets; partitions without one are left out."""
        ...

    def commit(self, group: str, topic: str, offsets: Offsets, deadline: Deadline) -> None:
        """Commit for a group without joining it; raises `GroupInUse` where it has members."""
        ...
