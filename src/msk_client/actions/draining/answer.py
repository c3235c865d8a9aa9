"""What a drain answers: objects and places, no records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msk_client.actions.consuming.page import envelope
from msk_client.answer import SEPARATOR_BYTES, size_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from msk_client.actions.consuming.ranges import Ranges
    from msk_client.actions.draining.chain import Chain
    from msk_client.s3.objects import Stored

OTHER_FIELDS_BYTES = 3_000
"""Room for topic, destination (a key takes up to 1 KB, escaped), counts and the like."""


def fields(
    chains: Mapping[int, Chain],
    ranges: Ranges,
    skipped: Mapping[int, tuple[int, int]],
    max_bytes: int,
    *,
    keeps_letters: bool = False,
) -> dict[str, Any]:
    """Make the fields about objects and places; `next` is where the next object begins."""
    stored = [one for partition in sorted(chains) for one in chains[partition].stored]
    written = [one for one in stored if not one.adopted]
    adopted = [one for one in stored if one.adopted]
    reached = {p: max(chain.reached, chain.position) for p, chain in chains.items()}
    places = envelope(reached, ranges, dict(skipped))
    places["next"] = {str(p): chain.position for p, chain in chains.items()}
    letters = {str(p): chain.num_letters for p, chain in chains.items() if chain.num_letters}
    if keeps_letters:
        places |= {"dead_letter_count": sum(letters.values()), "dead_letters": letters}
    return {
        **_listed(stored, max_bytes - size_bytes(places) - OTHER_FIELDS_BYTES),
        "count": sum(one.count for one in written),
        "bytes": sum(one.size_bytes for one in written),
        "adopted_count": sum(one.count for one in adopted),
        "drained": all(chain.complete for chain in chains.values()),
        **places,
    }


def _listed(stored: Sequence[Stored], room: int) -> dict[str, Any]:
    """List the objects, as many as an answer can hold."""
    listed = [_object(one) for one in stored]
    if size_bytes(listed) <= room:
        return {"objects": listed}
    kept: list[dict[str, Any]] = []
    for one in listed:
        room -= size_bytes(one) + SEPARATOR_BYTES
        if room < 0:
            break
        kept.append(one)
    return {"objects": kept, "objects_omitted": len(listed) - len(kept)}


def _object(one: Stored) -> dict[str, Any]:
    return {
        "key": one.key,
        "partition": one.partition,
        "start": one.start,
        "last": one.last,
        "next": one.next,
        "count": one.count,
        "bytes": one.size_bytes,
        "adopted": one.adopted,
    }
