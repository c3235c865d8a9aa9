"""Records that a broker refused together are divided until each bad one stands alone."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msk_client.kafka.halves import Halves


class Broker:
    """Refuses a batch whole for a bad record; one of the newer kind names the bad ones."""

    def __init__(self, bad: set[int], *, names_them: bool) -> None:
        self.bad = bad
        self.names_them = names_them
        self.batches = 0
        self.log: list[int] = []

    def send(self, batch: list[int]) -> tuple[list[int], set[int]]:
        """Take a batch; answers what is refused, and which of it are only neighbours."""
        self.batches += 1
        if not self.bad.intersection(batch):
            self.log += batch
            return [], set()
        return batch, set(batch) - self.bad if self.names_them else set()


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

    @given(RECORDS)
    @example([(0, True), (0, True)])
    def check(records: list[tuple[int, bool]]) -> None:
        where = {index: partition for index, (partition, _) in enumerate(records)}
        bad = {index for index, (_, is_bad) in enumerate(records) if is_bad}
        broker = Broker(bad, names_them=names_them)
        assert bad == divided(where, broker)
        assert sorted(where.keys() - bad) == sorted(broker.log)

    check()


@given(RECORDS)
def test_good_records_keep_their_order(records: list[tuple[int, bool]]) -> None:
    """The good records of a partition stand in it in the order in which they were given."""
    where = {index: partition for index, (partition, _) in enumerate(records)}
    broker = Broker({i for i, (_, is_bad) in enumerate(records) if is_bad}, names_them=False)
    divided(where, broker)
    for partition in range(3):
        found = [index for index in broker.log if where[index] == partition]
        assert sorted(found) == found


@pytest.mark.parametrize(("names_them", "at_most"), [(False, 2 * 10 + 1), (True, 2)])
def test_one_bad_record_of_a_thousand_is_soon_found(at_most: int, *, names_them: bool) -> None:
    """A bad record is found in about twice as many batches as halvings, or at once if named."""
    broker = Broker({700}, names_them=names_them)
    assert {700} == divided(dict.fromkeys(range(1_000), 0), broker)
    assert at_most >= broker.batches


def test_partitions_are_sent_side_by_side() -> None:
    """The next groups are one of each partition, none of which holds records of two."""
    halves = Halves({0: 0, 1: 1, 2: 0, 3: 1})
    assert [] == halves.add([0, 1, 2, 3], set())
    assert [[0], [1]] == halves.next_groups()
    assert [[2], [3]] == halves.next_groups()
    assert not halves
