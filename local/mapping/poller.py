"""The mapping: reads a topic in a consumer group and invokes the function, batch by batch."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from local.mapping.attempts import Attempts, Function, Stopped
from local.mapping.destinations import Destination
from local.mapping.gather import Gatherer
from local.mapping.source import Source

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from local.aws import LocalAws
    from local.mapping.options import Options


class Poller:
    """One poller of a mapping. `login` are the Kafka client's properties that reach the cluster."""

    def __init__(
        self,
        options: Options,
        function: Function,
        login: Mapping[str, object],
        *,
        aws: LocalAws | None = None,
        bootstrap: str | None = None,
    ) -> None:
        servers = bootstrap or str(login["bootstrap.servers"])
        self._options = options
        self._login = login
        self._destination = Destination(options, servers, aws, login)
        self._attempts = Attempts(options, function, self._destination.take, servers)

    @property
    def counts(self) -> Counter[str]:
        """What happened so far, by the names of the mapping's metrics."""
        counts = self._attempts.counts
        counts["OnFailureDestinationDeliveredEventCount"] = self._destination.num_delivered
        return counts

    def stop(self) -> None:
        """End `run` soon, from another thread; what isn't done yet comes again another time."""
        self._attempts.stop.set()

    def run(self, *, to_the_end: bool = False) -> None:
        """Read and invoke until `stop`, or until everything in the topic is done with."""
        counts = self._attempts.counts
        with Source(self._options, self._login) as source, suppress(Stopped):
            gatherer = Gatherer(self._options, source)
            while not self._attempts.stop.is_set():
                batch = gatherer.next()
                counts["PolledEventCount"] += batch.num_polled
                counts["FilteredOutEventCount"] += batch.num_polled - len(batch.records)
                self._attempts.process(batch.records)
                if batch.positions:
                    source.commit(batch.positions)
                    counts["CommittedEventCount"] += batch.num_polled
                if to_the_end and source.at_end:
                    return
