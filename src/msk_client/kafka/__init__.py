"""Kafka by librdkafka: the only package that imports confluent_kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client.kafka.lean import library  # before the others import it

# isort: split
from msk_client.kafka.admin import Admin
from msk_client.kafka.clients import COMMITTED_READER, UNCOMMITTED_READER, Clients
from msk_client.kafka.groups import Groups
from msk_client.kafka.iam import TokenSource
from msk_client.kafka.produce import Sender
from msk_client.kafka.read import Reader

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from msk_client.deadline import Deadline
    from msk_client.kafka.stream import Stream
    from msk_client.ports import Event, Offsets, Produced
    from msk_client.records import Outgoing
    from msk_client.settings import Settings

VERSIONS = {
    "confluent_kafka": library.__version__,
    "librdkafka": library.libversion()[0],
}


class MskKafka(Admin):
    """The `Kafka` port against a real cluster, with one client of each kind kept warm."""

    def __init__(self, settings: Settings, tokens: TokenSource | None = None) -> None:
        super().__init__(Clients(settings, tokens or TokenSource(settings)))
        self.groups = Groups(self.clients)

    @property
    def endpoint(self) -> str:
        """See the port."""
        return self.settings.endpoint

    def begin_invocation(self) -> None:
        """Drop what must not be used after a freeze."""
        self.clients.drop_stale()

    def produce(self, topic: str, records: Sequence[Outgoing], deadline: Deadline) -> Produced:
        """See the port."""
        return Sender(self.clients, topic, records, deadline).run()

    def stream(self, topic: str, deadline: Deadline) -> Stream:
        """See the port."""
        from msk_client.kafka.stream import Stream  # noqa: PLC0415 - only objects are streamed

        return Stream(self.clients, topic, deadline)

    def read(
        self,
        topic: str,
        ranges: Mapping[int, tuple[int, int]],
        deadline: Deadline,
        *,
        read_committed: bool,
    ) -> Generator[Event]:
        """See the port."""
        kind = COMMITTED_READER if read_committed else UNCOMMITTED_READER
        return Reader(self.clients, kind, topic, ranges, deadline).events()

    def committed(
        self, group: str, topic: str, partitions: Sequence[int], deadline: Deadline
    ) -> Offsets:
        """See the port."""
        return self.groups.committed(group, topic, partitions, deadline)

    def live_members(self, group: str, deadline: Deadline) -> int:
        """See the port."""
        return self.groups.live_members(group, deadline)

    def commit(self, group: str, topic: str, offsets: Offsets, deadline: Deadline) -> None:
        """See the port."""
        self.groups.commit(group, topic, offsets, deadline)
