"""What a request says of a destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from msk_client.errors import InvalidRequest
from msk_client.settings_output import MAX_OBJECT_BYTES

if TYPE_CHECKING:
    from msk_client.actions.consume import Consume
    from msk_client.s3.destinations import Wish

REFUSED = {
    "max_records": "records go into objects, whose size is destination.object_bytes",
    "max_bytes": "it limits an answer with records, and this one has none",
    "wait_ms": "a drain reads what is there; let a schedule call it again",
}
MOVING = (
    "This export's 'from' is another place with each call, and objects of two starts hold the same"
    " records: give each such export a prefix of its own, or name offsets or a timestamp."
)


class DestinationInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where objects go and what they look like; what isn't given is left to the settings."""

    uri: str | None = None
    pattern: str | None = None
    format: str | None = None
    columns: Annotated[list[str], Meta(min_length=1)] | None = None
    object_bytes: Annotated[int, Meta(ge=1, le=MAX_OBJECT_BYTES)] | None = None
    kms_key_id: str | None = None
    dead_letter: Annotated[str, Meta(min_length=1)] | None = None


DestinationField = bool | str | DestinationInput | UnsetType


def wish(given: DestinationField) -> Wish:
    """Read the field."""
    from msk_client.s3.destinations import Wish  # noqa: PLC0415 - dear at cold start

    if isinstance(given, str):
        return Wish(uri=given)
    if isinstance(given, DestinationInput):
        return Wish(
            given.uri,
            given.pattern,
            given.format,
            None if given.columns is None else tuple(given.columns),
            given.object_bytes,
            given.kms_key_id,
            given.dead_letter,
        )
    return Wish()


def check(request: Consume) -> None:
    """Refuse what doesn't go together with a destination."""
    defaults = {f.encode_name: f.default for f in msgspec.structs.fields(type(request))}
    for name, why in REFUSED.items():
        if getattr(request, name) != defaults[name]:
            raise InvalidRequest(f"Field {name!r} doesn't go with 'destination': {why}.")
    if request.destination is False:
        raise InvalidRequest(
            "Field 'destination' is false: leave it out, or give true or s3://bucket/prefix."
        )
    if request.group is not None and request.from_ not in (UNSET, "committed"):
        raise InvalidRequest(
            "Field 'from' doesn't go with 'destination' and 'group': a drain begins at the group's"
            " bookmark. Leave out 'from' to drain, or 'group' to export a range."
        )
    if request.group is not None and request.commit is False:
        raise InvalidRequest(
            "Field 'commit' is false, which doesn't go with 'destination' and 'group': a drain"
            " moves the group's bookmark over what it stores. Leave out 'commit' to drain, or"
            " 'group' to export a range, which commits nothing."
        )


def note(request: Consume) -> dict[str, str]:
    """Warn of an export whose start moves: objects of other starts beside it hold the same."""
    start = request.from_
    moves = start.startswith("-") if isinstance(start, str) else start and start.tail is not UNSET
    return {"note": MOVING} if moves else {}
