"""AWS's event patterns: what they match, and which are refused where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msk_client.actions.filtering.criteria import Criteria, Verdict, compile_criteria
from msk_client.errors import InvalidRequest


def criteria(*patterns: object) -> Criteria:
    """Compile filters; a pattern is JSON text, or what becomes it."""
    return compile_criteria([p if isinstance(p, str) else json.dumps(p) for p in patterns])


def keeps(pattern: object, value: object) -> bool:
    """Judge a value by one pattern for `value`: text as it is, the rest as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    verdict = criteria({"value": pattern}).judge(text.encode())
    assert verdict.why is None, verdict.why
    return verdict.kept


def refusal(pattern: object) -> str:
    """Answer why a pattern is refused."""
    with pytest.raises(InvalidRequest) as caught:
        criteria(pattern)
    return str(caught.value)


# Texts


@pytest.mark.parametrize(
    ("rule", "kept", "dropped"),
    [
        ("error", ["error"], ["Error", "error ", "an error", ""]),
        ("", [""], [" "]),
        ({"prefix": "Result: "}, ["Result: ", "Result: 5"], ["result: 5", " Result: 5"]),
        ({"prefix": ""}, ["", "a"], []),
        ({"suffix": ".png"}, [".png", "a.png"], ["a.PNG", "png"]),
        ({"equals-ignore-case": "Alice"}, ["alice", "ALICE"], ["alic", "alice "]),
        ({"equals-ignore-case": "straße"}, ["STRASSE"], ["strase"]),
        ({"anything-but": "error"}, ["", "errors"], ["error"]),
        ({"anything-but": ["a", "b"]}, ["c"], ["a", "b"]),
        ({"anything-but": {"prefix": "a"}}, ["b"], ["a", "ab"]),
        ({"anything-but": {"suffix": ["a", "b"]}}, ["c"], ["xa", "xb"]),
        ({"anything-but": {"equals-ignore-case": ["a"]}}, ["b"], ["a", "A"]),
        ({"anything-but": {"wildcard": "*/lib/*"}}, ["lib"], ["a/lib/b"]),
        ({"exists": True}, ["", "a"], []),
        ({"exists": False}, [], ["", "a"]),
        ({"prefix": {"equals-ignore-case": "EVENTB"}}, ["eventbridge"], ["event"]),
        ({"suffix": {"equals-ignore-case": "BRIDGE"}}, ["eventbridge"], ["bridges"]),
        ({"wildcard": "a*c*e"}, ["ace", "abcde", "acece"], ["ac", "ae", "abce "]),
        ({"wildcard": "*"}, ["", "a\nb"], []),
        ({"wildcard": "a*a"}, ["aa", "aba"], ["a"]),
        ({"wildcard": r"a\*\\*"}, ["a*\\", "a*\\b"], ["ab\\"]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.7"], ["10.0.1.7", "ten", ""]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::1"], ["2001:db9::1", "10.0.0.7"]),
    ],
)
def test_rules_of_text(rule: object, kept: list[str], dropped: list[str]) -> None:
    """Each rule keeps the texts that it is for, and drops their neighbours."""
    assert (kept, []) == (
        [text for text in kept if keeps([rule], text)],
        [text for text in dropped if keeps([rule], text)],
    )


def test_a_list_is_an_or() -> None:
    """One of a field's values is enough."""
    rules = ["a", {"prefix": "b"}]
    assert [True, True, False] == [keeps(rules, text) for text in ("a", "bx", "c")]


def test_many_wildcards_are_quick() -> None:
    """A pattern that would take a backtracking matcher years is answered at once."""
    assert not keeps([{"wildcard": "*a" * 200 + "*b"}], "a" * 100_000)


# JSON


ORDER = {
    "status": "new",
    "total": 150,
    "customer": {"name": "Alice", "vip": True, "manager": None},
    "tags": ["a", "b"],
    "lines": [{"item": "tea", "count": 1}, {"item": "milk", "count": 5}],
    "empty": [],
    "nothing": {},
}


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ({"status": ["new"]}, True),
        ({"status": ["new"], "total": [150]}, True),
        ({"status": ["new"], "total": [151]}, False),
        ({"customer": {"name": ["Alice"]}}, True),
        ({"customer": {"vip": [True]}}, True),
        ({"customer": {"vip": ["true"]}}, False),
        ({"customer": {"manager": [None]}}, True),
        ({"customer": {"missing": [None]}}, False),
        ({"customer.name": ["Alice"]}, True),
        ({"total": ["150"]}, False),
        ({"total": [{"numeric": ["=", 150.0]}]}, True),
        ({"total": [{"numeric": [">", 150]}]}, False),
        ({"total": [{"numeric": [">=", 150, "<", 151]}]}, True),
        ({"status": [{"numeric": [">", 0]}]}, False),
        ({"total": [{"anything-but": 150.0}]}, False),
        ({"total": [{"anything-but": [1, 2]}]}, True),
        ({"total": [{"anything-but": "150"}]}, True),
        ({"total": [{"prefix": "1"}]}, False),
        ({"missing": [{"anything-but": "x"}]}, False),
        # arrays
        ({"tags": ["b"]}, True),
        ({"tags": ["c"]}, False),
        ({"tags": [{"anything-but": "a"}]}, True),
        ({"lines": {"item": ["milk"]}}, True),
        ({"lines": {"item": ["milk"], "count": [5]}}, True),
        ({"lines": {"item": ["milk"], "count": [1]}}, False),
        # existence
        ({"status": [{"exists": True}]}, True),
        ({"customer": {"manager": [{"exists": True}]}}, True),
        ({"missing": [{"exists": False}]}, True),
        ({"status": [{"exists": False}]}, False),
        ({"customer": [{"exists": True}]}, False),
        ({"customer": [{"exists": False}]}, True),
        ({"empty": [{"exists": True}]}, False),
        ({"nothing": [{"exists": False}]}, True),
        ({"missing": ["x", {"exists": False}]}, True),
        ({"lines": {"item": ["tea"], "price": [{"exists": False}]}}, True),
        # or
        ({"$or": [{"status": ["paid"]}, {"total": [150]}]}, True),
        ({"$or": [{"status": ["paid"]}, {"total": [1]}]}, False),
        ({"status": ["new"], "$or": [{"total": [1]}, {"customer": {"vip": [True]}}]}, True),
        ({"status": ["old"], "$or": [{"total": [150]}, {"customer": {"vip": [True]}}]}, False),
        ({"customer": {"$or": [{"name": ["Bob"]}, {"vip": [True]}]}}, True),
        ({"$or": [{"a": [1]}, {"$or": [{"b": [1]}, {"total": [150]}]}]}, True),
    ],
)
def test_rules_of_json(pattern: object, kept: bool) -> None:  # noqa: FBT001 - a column
    """Every field that a pattern names has to match, wherever it stands."""
    assert kept == keeps(pattern, ORDER)


@pytest.mark.parametrize("written", ["300.0", "3e2", "3.0e2"])
def test_bare_numbers_are_compared_as_written(written: str) -> None:
    """Lambda's guide: 300, 300.0 and 3.0e2 aren't equal; the pattern's author is told."""
    filters = criteria('{"value": {"a": [300]}}')
    judged = [filters.judge(f'{{"a": {text}}}'.encode()).kept for text in ("300", written)]
    assert [True, False] == judged
    (warning,) = filters.warnings
    assert warning.startswith("Filters[0].Pattern.value.a[0]: a bare number is compared as it is")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e99999999999999999999", "1e-99999999999"])
def test_any_number_can_be_compared(number: str) -> None:
    """Numbers past every computer's are larger or smaller than others, and break nothing."""
    small = criteria('{"value": {"a": [{"numeric": ["<", 5]}]}}').judge(
        f'{{"a": {number}}}'.encode()
    )
    assert small.kept is (number[0] == "-" or "e-" in number)


# Formats


JSON_PATTERN = {"value": {"status": ["new"]}}
TEXT_PATTERN = {"value": [{"prefix": "x"}]}


@pytest.mark.parametrize(
    ("pattern", "value", "why"),
    [
        (JSON_PATTERN, b"plain", "the value is plain text, the pattern is for JSON: not applied"),
        (JSON_PATTERN, b"", "the value is plain text, the pattern is for JSON: not applied"),
        (JSON_PATTERN, b'"x"', "the value is plain text, the pattern is for JSON: not applied"),
        (TEXT_PATTERN, b"{}", "the value is JSON, the pattern is for plain text: not applied"),
        (TEXT_PATTERN, b"[]", "the value is JSON, the pattern is for plain text: not applied"),
        (JSON_PATTERN, b"\xff", "the value is neither JSON nor text, the pattern is for JSON:"),
        (TEXT_PATTERN, b"\xff", "the value is neither JSON nor text, the pattern is for plain"),
        (JSON_PATTERN, None, "the value is neither JSON nor text, the pattern is for JSON:"),
        (JSON_PATTERN, b"[" * 100_000, "the value is plain text, the pattern is for JSON:"),
    ],
)
def test_a_pattern_of_another_format_keeps_the_record(
    pattern: object, value: bytes | None, why: str
) -> None:
    """Lambda's guide: such a pattern isn't applied, so the record comes, and the test says why."""
    verdict = criteria(pattern).judge(value)
    assert verdict.kept
    assert (verdict.why or "").startswith(why)


def test_without_filters_everything_is_kept() -> None:
    """No filter drops nothing."""
    assert Verdict(kept=True) == criteria().judge(b"x")


def test_one_filter_is_enough() -> None:
    """Filters are alternatives, and the one that keeps a record is told."""
    filters = criteria({"value": ["a"]}, {"value": ["b"]})
    expected = [Verdict(kept=True, filter=0), Verdict(kept=True, filter=1), Verdict(kept=False)]
    assert expected == [filters.judge(text) for text in (b"a", b"b", b"c")]


def test_a_filter_of_another_format_beside_keeps_all() -> None:
    """A filter for text beside one for JSON keeps what the other would drop."""
    filters = criteria(JSON_PATTERN, TEXT_PATTERN)
    assert filters.judge(b'{"status": "old"}').kept
    assert 0 == filters.judge(b'{"status": "new"}').filter


# Refused


@pytest.mark.parametrize(
    ("pattern", "refused"),
    [
        ("{", "Filters[0].Pattern is not JSON: Expecting property name"),
        ("", "Filters[0].Pattern is not JSON"),
        ('{"value": [NaN]}', "Filters[0].Pattern is not JSON"),
        ("[]", "Filters[0].Pattern has to be an object"),
        ("[]", "Filters[0].Pattern has to be an object, e.g. {'value': "),
        ("{}", "Filters[0].Pattern is an empty object, which says nothing of a value: name it"),
        ('{"value": ["a"], "value": ["b"]}', "Filters[0].Pattern has the field 'value' twice"),
        ({"value": ["a"], "key": ["b"]}, "Filters[0].Pattern names 'key': a mapping for Kafka"),
        ({"topic": ["a"]}, "Filters[0].Pattern names 'topic'"),
        ({"value": "a"}, "Filters[0].Pattern.value has to be a list of values"),
        ({"value": {}}, "Filters[0].Pattern.value is an empty object"),
        ({"value": []}, "Filters[0].Pattern.value is an empty list"),
        ({"value": {"a": {"b": 5}}}, "Filters[0].Pattern.value.a.b has to be a list of values"),
        ({"value": ["a", ["b"]]}, "Filters[0].Pattern.value[1] has to be text, a number"),
        ({"value": [{}]}, "Filters[0].Pattern.value[0] has to be one operator"),
        ({"value": [{"prefix": "a", "suffix": "b"}]}, "Filters[0].Pattern.value[0] has to be one"),
        ({"value": [{"begins": "a"}]}, "Filters[0].Pattern.value[0] has an unknown operator 'begi"),
        ({"value": [{"exists": "yes"}]}, "Filters[0].Pattern.value[0].exists has to be true or"),
        ({"value": [{"prefix": 5}]}, "Filters[0].Pattern.value[0].prefix has to be text"),
        ({"value": [{"prefix": {"a": "b"}}]}, "Filters[0].Pattern.value[0].prefix has to be"),
        ({"value": [{"numeric": []}]}, "Filters[0].Pattern.value[0].numeric has to be e.g."),
        ({"value": [{"numeric": [">", "5"]}]}, "Filters[0].Pattern.value[0].numeric has to be"),
        ({"value": [{"numeric": ["!=", 5]}]}, "Filters[0].Pattern.value[0].numeric has to be"),
        ({"value": [{"numeric": [">", 5, ">", 6]}]}, "has to give the lower bound"),
        ({"value": [{"numeric": ["<", 5, ">", 3]}]}, "has to give the lower bound"),
        ({"value": [{"numeric": [">", 5, "<", 5]}]}, "has a lower bound that is not below"),
        ({"value": [{"anything-but": []}]}, ".anything-but has to be text or a number, or a list"),
        ({"value": [{"anything-but": ["a", 1]}]}, "or a list of either, not mixed"),
        ({"value": [{"anything-but": None}]}, ".anything-but has to be text or a number"),
        ({"value": [{"anything-but": {"numeric": ["=", 1]}}]}, "knows 'prefix', 'suffix'"),
        ({"value": [{"anything-but": {"prefix": ""}}]}, ".anything-but.prefix must not be empty"),
        ({"value": [{"wildcard": "a**"}]}, ".wildcard has two wildcards side by side"),
        ({"value": [{"wildcard": r"a\b"}]}, ".wildcard has a backslash before something else"),
        ({"value": [{"cidr": "ten"}]}, ".cidr is no block of addresses"),
        ({"value": {"$or": [{"a": [1]}]}}, "Filters[0].Pattern.value.$or[0] has an unknown"),
        ({"value": {"$or": [{"a": [1]}, {"b": []}]}}, "Filters[0].Pattern.value.$or[1].b is an"),
        ({"value": {c: {"$or": [{"a": [1]}, {"b": [1]}]} for c in "abcdefghijkl"}}, "combinations"),
    ],
)  # fmt: skip
def test_a_bad_pattern_is_refused_at_its_place(pattern: object, refused: str) -> None:
    """What AWS would refuse is refused, and the place in the pattern named."""
    assert refused in refusal(pattern)


def test_a_deep_pattern_breaks_nothing() -> None:
    """A pattern as deep as its length allows is compiled or refused."""
    deep = '{"value": ' + '{"a":' * 675 + '["x"]' + "}" * 676
    try:
        assert not criteria(deep).judge(b"{}").kept
    except InvalidRequest as refused:
        assert "nested too deeply" in str(refused)  # noqa: PT017 - both ends are right


def test_too_many_filters_are_refused() -> None:
    """Ten filters are the most that AWS grants, and more than five need its grant."""
    ten = criteria(*[{"value": ["a"]}] * 10)
    assert ["Filters: more than 5 filters need a higher quota in your account."] == ten.warnings
    with pytest.raises(InvalidRequest, match="Filters has 11 filters"):
        criteria(*[{"value": ["a"]}] * 11)


def test_a_long_pattern_is_refused() -> None:
    """A pattern may have 4,096 characters."""
    assert "has 4118 characters" in refusal({"value": ["a" * 4103]})


@pytest.mark.parametrize(
    ("rule", "warned"),
    [
        ({"wildcard": "a*"}, "value[0].wildcard: Lambda's guide doesn't list this operator"),
        ({"cidr": "10.0.0.0/8"}, "value[0].cidr: Lambda's guide doesn't list this operator"),
        ({"prefix": {"equals-ignore-case": "a"}}, "value[0].prefix: Lambda's guide doesn't list"),
        ({"anything-but": {"prefix": "a"}}, "value[0].anything-but: Lambda's guide doesn't list"),
        ({"numeric": [">", 6e9]}, "value[0].numeric: EventBridge's guide allows numbers from"),
    ],
)
def test_what_isnt_promised_is_told(rule: Any, warned: str) -> None:  # noqa: ANN401 - any JSON
    """A pattern that goes beyond AWS's documents works here, and says so."""
    (warning,) = criteria({"value": [rule]}).warnings
    assert warned in warning
