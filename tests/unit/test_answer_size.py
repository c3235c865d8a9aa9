"""The size of an answer, exactly as Lambda's runtime writes it."""

from __future__ import annotations

import builtins
import json
from typing import TYPE_CHECKING, Any

import pytest
from awslambdaric.lambda_runtime_marshaller import to_json
from hypothesis import given
from hypothesis import strategies as st

from msk_client import answer

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = st.text() | st.text(st.sampled_from('é\u2028\U0001f600"\\\n\x7f</'))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@pytest.fixture(autouse=True)
def forget_the_encoder() -> Iterator[None]:
    """Let each test choose its runtime."""
    answer._encode.cache_clear()
    yield
    answer._encode.cache_clear()


@pytest.mark.parametrize(
    ("runtime", "e_acute", "emoji"),
    [("AWS_Lambda_python3.11", 6, 12), ("AWS_Lambda_python3.13", 2, 4)],
)
def test_non_ascii_counts_as_it_is_written(
    runtime: str, e_acute: int, emoji: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A character takes what this version's runtime makes of it: an escape, or its UTF-8."""
    monkeypatch.setenv("AWS_EXECUTION_ENV", runtime)
    quotes = len('""')
    sizes = (answer.size_bytes("é") - quotes, answer.size_bytes("\U0001f600") - quotes)
    assert (e_acute, emoji) == sizes


@pytest.mark.parametrize("runtime", ["AWS_Lambda_python3.11", "AWS_Lambda_python3.13"])
def test_the_size_is_that_of_the_runtimes_text(
    runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size of any JSON is the length of what this version's runtime sends."""
    monkeypatch.setenv("AWS_EXECUTION_ENV", runtime)

    @given(JSON)
    def check(value: object) -> None:
        assert len(to_json(value).encode()) == answer.size_bytes(value)

    check()


@given(st.lists(JSON, min_size=1, max_size=4))
def test_a_lists_size_is_the_sum(items: list[object]) -> None:
    """A list takes its items, the separators between them and two brackets."""
    separators = answer.SEPARATOR_BYTES * (len(items) - 1)
    assert len("[]") + separators + sum(map(answer.size_bytes, items)) == answer.size_bytes(items)


def test_without_lambdas_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Lambda's runtime isn't installed the standard library's encoder counts."""
    real_import = builtins.__import__

    def refuse(name: str, *rest: Any) -> object:  # noqa: ANN401 - as Python calls it
        if name.startswith("awslambdaric"):
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert len(json.dumps({"é": [1, 2]})) == answer.size_bytes({"é": [1, 2]})
