"""Records that a broker refused together are divided until each bad one stands alone."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msk_client.kafka.halves import Halves


class Broker:
    """Refuses a batch whole for a bad record; one of the newer kind names the bad ones.

    librdkafka hands their names on only where a batch has more than one, and cuts what it is given
    into batches as it likes: here of `most` records.
    """

    def __init__(self, bad: set[int], *, names_them: bool, most: int = 1_000) -> None:
        self.bad = bad
        self.names_them = names_them
        self.most = most
        self.batches = 0
        self.log: list[int] = []

    def send(self, group: list[int]) -> tuple[list[int], set[int]]:
        """Take a group; answers what is refused, and which of it are only neighbours."""
        refused: list[int] = []
        neighbours: set[int] = set()
        for first in range(0, len(group), self.most):
            batch = group[first : first + self.most]
            self.batches += 1
            bad = self.bad.intersection(batch)
            if not bad:
                self.log += batch
                continue
            refused += batch
            if self.names_them and len(bad) > 1:
                neighbours |= set(batch) - bad
        return refused, neighbours


def divided(where: dict[int, int], broker: Broker) -> set[int]:
    """Send everything again and again as the client does; answers what is refused for good."""
    rejected: set[int] = set()
    halves = Halves(where)
    batches: dict[int, list[int]] = defaultdict(list)
    for index, partition in where.items():
        batches[partition].append(index)
    groups = list(batches.values())
    while groups:
        for group in groups:
            refused, neighbours = broker.send(group)
            if refused and len(group) == 1:
                rejected.update(group)
            elif refused:
                rejected.update(halves.add(refused, neighbours))
        groups = halves.next_groups() if halves else []
    return rejected


RECORDS = st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=40)


@pytest.mark.parametrize("names_them", [False, True])
def test_only_the_bad_are_refused(*, names_them: bool) -> None:
    """Whichever records are bad, they alone stay refused and each other one is sent once."""

    @given(RECORDS, st.integers(1, 40))
    @example([(0, True), (0, True)], 40)
    @example([(0, True), (0, False), (0, True), (0, False), (0, True), (0, False)], 3)
    def check(records: list[tuple[int, bool]], most: int) -> None:
        where = {index: partition for index, (partition, _) in enumerate(records)}
        bad = {index for index, (_, is_bad) in enumerate(records) if is_bad}
        broker = Broker(bad, names_them=names_them, most=most)
        assert bad == divided(where, broker)
        assert sorted(where.keys() - bad) == sorted(broker.log)

    check()


@given(RECORDS, st.booleans())
def test_good_records_keep_their_order(records: list[tuple[int, bool]], names_them: bool) -> None:  # noqa: FBT001 - drawn
    """The good records of a partition stand in it in the order in which they were given."""
    where = {index: partition for index, (partition, _) in enumerate(records)}
    broker = Broker({i for i, (_, is_bad) in enumerate(records) if is_bad}, names_them=names_them)
    divided(where, broker)
    for partition in range(3):
        found = [index for index in broker.log if where[index] == partition]
        assert sorted(found) == found


def test_one_bad_record_of_a_thousand_is_soon_found() -> None:
    """A bad record is found in about twice as many batches as halvings."""
    broker = Broker({700}, names_them=True)
    assert {700} == divided(dict.fromkeys(range(1_000), 0), broker)
    assert broker.batches <= 2 * 10 + 1


def test_bad_records_that_are_named_are_found_at_once() -> None:
    """Where the broker names the bad ones, the others are sent once more, together."""
    broker = Broker({10, 700}, names_them=True)
    assert {10, 700} == divided(dict.fromkeys(range(1_000), 0), broker)
    assert broker.batches == 2


def test_partitions_are_sent_side_by_side() -> None:
    """The next groups are one of each partition, none of which holds records of two."""
    halves = Halves({0: 0, 1: 1, 2: 0, 3: 1})
    assert [] == halves.add([0, 1, 2, 3], set())
    assert [[0], [1]] == halves.next_groups()
    assert [[2], [3]] == halves.next_groups()
    assert not halves
