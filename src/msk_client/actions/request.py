"""From an event to an action's request: strict, and with errors that name the field."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

import msgspec
import msgspec.inspect
from msgspec import Meta

from msk_client.actions.examples import example
from msk_client.errors import InvalidRequest

TOPIC = re.compile(r"^[a-zA-Z0-9._-]{1,249}$(?!\n)")  # `$` alone lets a line feed follow
TopicName = Annotated[
    str,
    Meta(
        pattern=TOPIC.pattern,
        description="a topic's name: 1 to 249 letters, digits, dots, underscores and hyphens",
    ),
]
GroupName = Annotated[str, Meta(min_length=1, max_length=255, description="a consumer group's id")]
Partition = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Offset = Annotated[int, Meta(ge=0, le=2**63 - 1)]
NumPartitions = Annotated[int, Meta(ge=1, le=10_000)]

UNKNOWN_FIELD = re.compile(
    r"Object contains unknown field `(?P<field>.*?)`(?: - at `\$(?P<at>[^`]*)`)?", re.DOTALL
)
MISSING_FIELD = re.compile(
    r"Object missing required field `(?P<field>.*?)`(?: - at `\$(?P<at>.*)`)?"
)
AT = re.compile(r"(?P<what>.*) - at (?P<key>`key` in )?`\$\.?(?P<path>.*)`", re.DOTALL)
UNSENDABLE = re.compile("[\0\ud800-\udfff]")
SHOWN_CHARACTERS = 80
"""How much of a field's name is repeated."""


class Request(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What every request has; unknown fields are refused."""

    action: str


R = TypeVar("R", bound=Request)


def decode(event: dict[str, Any], kind: type[R]) -> R:
    """Make a request of `event`; raises `InvalidRequest` that names the field's path."""
    try:
        request = msgspec.convert(event, kind, strict=True, str_keys=True)
    except msgspec.ValidationError as problem:
        raise InvalidRequest(_explain(str(problem), event, kind)) from None
    except UnicodeEncodeError:  # msgspec's own, where it would quote what it refuses
        raise InvalidRequest(
            "The event has a lone surrogate in a field's name or in a choice: no field and no"
            " choice is called so."
        ) from None
    for name, value in event.items():
        if name != "records":  # their bytes are checked where they are made
            _check_text(value, name)
    return request


def _check_text(value: object, path: str) -> None:
    """Refuse what librdkafka would cut (a NUL) or end the process on (a lone surrogate)."""
    if isinstance(value, str) and UNSENDABLE.search(value):
        shown = path[:SHOWN_CHARACTERS]
        raise InvalidRequest(f"Field {shown!r} holds a NUL or a lone surrogate: leave it out.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name, path)
            _check_text(inner, f"{path}.{name}")


def _explain(problem: str, event: dict[str, Any], kind: type[Request]) -> str:
    if (match := UNKNOWN_FIELD.fullmatch(problem)) is not None:
        return _unknown_field(match["field"], (match["at"] or "").lstrip("."), kind)
    if (match := MISSING_FIELD.match(problem)) is not None:
        path = ".".join(part for part in ((match["at"] or "").lstrip("."), match["field"]) if part)
        shown = example(event["action"].replace("-", "_"), path)
        return f"Field {path!r} is missing. For example: {shown}"
    if problem.startswith("Invalid enum value"):
        return _not_a_choice(problem, kind)
    if (match := AT.fullmatch(problem)) is not None:
        what = f"{match['what']} as a key" if match["key"] else match["what"]
        if "regex" in what:
            what = f"Expected {_described(kind, match['path'])}"
        return f"Field {match['path']!r} is wrong: {what}."
    return f"The event is wrong: {problem}."


def _unknown_field(field: str, at: str, kind: type[Request]) -> str:
    field = field[:SHOWN_CHARACTERS]
    known = sorted(field_names(kind, at))
    near = get_close_matches(field, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}."
    path = f"{at}.{field}" if at else field
    return f"Field {path!r} is unknown: {hint}"


def _not_a_choice(problem: str, kind: type[Request]) -> str:
    """Name the choices, and not what was given: it may be a record's content."""
    path = problem.rpartition("at `$.")[2].rstrip("`")
    choices = [v for one in types_at(kind, path) for v in getattr(one, "values", ())]
    return f"Field {path!r} is none of its choices: {', '.join(map(repr, choices))}."


def _described(kind: type[Request], path: str) -> str:
    """Say what a text must look like, for people who don't read regular expressions."""
    schemas = [getattr(one, "extra_json_schema", {}) for one in types_at(kind, path)]
    return " or ".join(schema["description"] for schema in schemas)


def field_names(kind: type[Request], at: str) -> set[str]:
    """Names known at the path `at`, such as `records[0].headers[0][1]`."""
    return {f.encode_name for one in types_at(kind, at) for f in getattr(one, "fields", ())}


def types_at(kind: type[Request], at: str) -> list[msgspec.inspect.Type]:
    """The types that may stand at a path."""
    types: list[msgspec.inspect.Type] = [msgspec.inspect.type_info(kind)]
    for step in re.findall(r"\[[^\]]*\]|[^.\[\]]+", at):
        types = [inner for one in types for inner in _step(one, step)]
    return types


def _step(outer: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    """Follow one step of a path through structs, lists, tuples, dictionaries and unions."""
    found = [f.type for f in getattr(outer, "fields", ()) if f.encode_name == step]
    if step.startswith("["):
        found += [
            getattr(outer, name) for name in ("item_type", "value_type") if hasattr(outer, name)
        ]
        found += list(getattr(outer, "item_types", ()))
    return [inner for one in found for inner in flat(one)]


def flat(one: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    """The alternatives of a union, or the type itself."""
    return list(one.types) if isinstance(one, msgspec.inspect.UnionType) else [one]
