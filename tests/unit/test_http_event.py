"""HTTP requests: a function URL, API Gateway in both formats, a load balancer."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from awslambdaric.lambda_runtime_marshaller import to_json

from msk_client.errors import BrokerUnreachable
from msk_client.triggers import direct, http_event
from tests.unit.invoking import KeptKafka, cluster, invoke, outgoing

if TYPE_CHECKING:
    from msk_client.actions.call import Answer, Call
    from msk_client.deadline import Deadline

EVENTS = Path(__file__).parents[2] / "events" / "triggers"
DOORS = ("http_function_url", "http_api_gateway", "http_api_gateway_v1", "http_load_balancer")
each_door = pytest.mark.parametrize("door", DOORS)


def request(
    door: str = "http_function_url",
    action: object = None,
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    **fields: object,
) -> dict[str, Any]:
    """Make a request as a door brings it, with another body, method or headers."""
    event: dict[str, Any] = json.loads((EVENTS / f"{door}.json").read_text())
    if action is not None:
        event |= {"body": json.dumps(action), "isBase64Encoded": False}
    if "httpMethod" in event:
        event["httpMethod"] = method
    else:
        event["requestContext"]["http"]["method"] = method
    if headers is not None:
        event["headers"] = headers
        event.pop("multiValueHeaders", None)
    return event | fields


def send(event: dict[str, Any], kafka: KeptKafka | None = None) -> tuple[int, dict[str, Any]]:
    """Send a request; answers the status and the body."""
    answer = invoke(event, kafka)
    assert answer["isBase64Encoded"] is False
    return answer["statusCode"], json.loads(answer["body"])


@each_door
def test_the_body_is_carried_out(door: str) -> None:
    """Each door's event file produces its record, and the answer's body is JSON text."""
    kafka = KeptKafka()
    status, body = send(request(door), kafka)
    assert (200, 1, "delivered") == (status, body["produced"], body["results"][0]["status"])
    (record,) = kafka.logs["orders"][0].records.values()
    assert (b"k1", b'{"id":1}') == (record.key, record.value)


@each_door
def test_headers_come_back_as_they_came(door: str) -> None:
    """A load balancer with multi-value headers wants such ones, and a text for the status."""
    answer = invoke(request(door))
    kind = {"multiValueHeaders": ["application/json"]}
    if door != "http_load_balancer":
        kind = {"headers": "application/json"}  # type: ignore[dict-item] # one value each
    assert kind == {
        n: h["content-type"] for n, h in answer.items() if n.lower().endswith("headers")
    }
    assert ("200 OK" if door == "http_load_balancer" else None) == answer.get("statusDescription")


def test_a_load_balancer_without_multi_value_headers() -> None:
    """Without multi-value headers in the request there are none in the answer."""
    answer = invoke(request("http_load_balancer", headers={"content-type": "application/json"}))
    assert ("application/json", 200) == (answer["headers"]["content-type"], answer["statusCode"])
    assert "multiValueHeaders" not in answer


@each_door
def test_a_failure_has_the_status_of_its_class(door: str) -> None:
    """A failure is an answer: its class's status, name and text."""
    status, body = send(request(door, {"action": "consume", "topic": "nowhere"}))
    assert (404, "UnknownTopic") == (status, body["errorType"])
    assert "nowhere" in body["errorMessage"]
    assert {"errorType", "errorMessage"} == body.keys()


def test_every_class_answers_with_its_own_status() -> None:
    """What the cluster can't do now is a 503."""
    kafka = KeptKafka()

    def topics(deadline: Deadline) -> NoReturn:
        raise BrokerUnreachable(f"no way, {deadline.passed}")

    kafka.topics = topics  # type: ignore[method-assign]
    assert (503, {"errorType": "BrokerUnreachable", "errorMessage": "no way, False"}) == send(
        request(action={"action": "list_topics"}), kafka
    )


def test_a_partial_answer_keeps_its_status() -> None:
    """A report of failures is a 207 here too."""
    records = [{"value": "a"}, {"value": "b", "partition": 7}]
    action = {"action": "produce", "topic": "orders", "records": records, "on_failure": "report"}
    status, body = send(request(action=action), cluster(""))
    assert (207, 1, 1) == (status, body["produced"], body["failed"])


def test_a_bug_is_not_answered() -> None:
    """What no class stands for is raised: the door says 502, and Lambda counts an error."""
    kafka = KeptKafka()

    def topics(deadline: Deadline) -> NoReturn:
        raise ZeroDivisionError(str(deadline))

    kafka.topics = topics  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        invoke(request(action={"action": "list_topics"}), kafka)


# What is refused


@each_door
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_only_post(door: str, method: str) -> None:
    """Another method is refused, and the answer names the one to use."""
    answer = invoke(request(door, method=method))
    headers = answer.get("headers") or answer["multiValueHeaders"]
    assert (405, True) == (answer["statusCode"], headers["allow"] in ("POST", ["POST"]))
    assert "InvalidRequest" == json.loads(answer["body"])["errorType"]


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1",
     "application/jsonp", "text/json"],
)  # fmt: skip
def test_only_json(kind: str) -> None:
    """A content type that isn't JSON in UTF-8 is refused, what a browser's form sends above all."""
    status, body = send(request(headers={"Content-Type": kind}))
    assert (415, "InvalidRequest") == (status, body["errorType"])
    assert "application/json" in body["errorMessage"]


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"',
     "application/cloudevents+json"],
)  # fmt: skip
def test_json_is_spelt_in_many_ways(kind: str) -> None:
    """Case, quotation marks and suffixes don't matter."""
    assert 200 == send(request(headers={"CONTENT-TYPE": kind}))[0]


def test_a_compressed_body_is_refused() -> None:
    """The body must come as it is."""
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert 415 == send(request(headers=headers))[0]
    headers["content-encoding"] = "identity"
    assert 200 == send(request(headers=headers))[0]


@pytest.mark.parametrize(
    ("body", "encoded", "told"),
    [
        (None, False, "no body"),
        ("", False, "no body"),
        ("{", False, "at byte 1"),
        ("[]", False, "not a JSON object"),
        ('"produce"', False, "not a JSON object"),
        ("[" * 100_000, False, "not JSON"),
        ("{}", False, "no 'action'"),
        ("not base64!", True, "base64"),
        ("e30", True, "base64"),
        (base64.b64encode(b'{"action": "\xff"}').decode(), True, "UTF-8"),
    ],
)
def test_a_body_that_is_no_event(body: str | None, told: str, *, encoded: bool) -> None:
    """A body that is no action event is a 400 that says what it lacks."""
    kafka = KeptKafka()
    status, answer = send(request() | {"body": body, "isBase64Encoded": encoded}, kafka)
    assert (400, "InvalidRequest", []) == (status, answer["errorType"], kafka.calls)
    assert told in answer["errorMessage"]


def test_no_event_in_an_event() -> None:
    """The body is a plain action event, never another trigger's."""
    assert 400 == send(request(action=request()))[0]


def test_nothing_of_the_body_is_repeated() -> None:
    """A malformed body may hold what nobody should log: the refusal tells the place only."""
    _, answer = send(request() | {"body": '{"value": "secret-content", oops}'})
    assert "secret" not in answer["errorMessage"]


@pytest.mark.parametrize("event", [
    {"requestContext": {"requestId": "x", "condition": "RetryAttemptsExhausted"}},
    {"requestContext": None, "httpMethod": "POST"}, {"version": "2.0", "requestContext": {}},
    {"action": "ping"}, [], None, "x",
])  # fmt: skip
def test_other_events_are_no_requests(event: object) -> None:
    """Only what has the form of a request is taken for one."""
    assert not http_event.recognises(event)


# Sizes and times


@pytest.mark.parametrize("sign", ["x", '"', "\\", "\n", "\x01", "é", "\U0001f600"])
@pytest.mark.parametrize(("door", "limit"), [
    ("http_function_url", 6_291_556), ("http_load_balancer", 1_000_000),
])  # fmt: skip
def test_a_page_fits_the_door(door: str, limit: int, sign: str) -> None:
    """However much of it is escaped, a page is what the door lets through, and paging goes on."""
    kafka = KeptKafka()
    (log,) = kafka.add_topic("orders")
    for _ in range(12 if limit < 2_000_000 else 80):
        log.append(outgoing((sign * 100_000).encode()))
    event = request(door, {"action": "consume", "topic": "orders"})
    answer = invoke(event, kafka)
    body = json.loads(answer["body"])
    assert len(to_json(answer).encode()) <= limit
    assert (200, "max_bytes") == (answer["statusCode"], body["stopped"])
    assert 0 < body["count"] == body["next"]["0"]


def test_many_results_fit_a_load_balancer() -> None:
    """Where a result for each record wouldn't fit the door, they are summed up."""
    records = [{"value": "x"} for _ in range(8_000)]
    action = {"action": "produce", "topic": "orders", "records": records}
    _, told = send(request("http_load_balancer", action))
    assert (8_000, []) == (told["results_omitted"], told["results"])
    _, whole = send(request("http_function_url", action))
    assert 8_000 == len(whole["results"])


def test_an_answer_that_can_not_be_cut_is_refused() -> None:
    """An answer that is still too large becomes an error, which says that the work is done."""
    kafka = KeptKafka()
    for i in range(5_000):
        kafka.add_topic(f"{'t' * 200}-{i}")
    status, body = send(request("http_load_balancer", {"action": "list_topics"}), kafka)
    assert (400, "InvalidRequest") == (status, body["errorType"])
    assert "1000000" in body["errorMessage"]
    assert 5_000 == len(send(request(action={"action": "list_topics"}), kafka)[1]["topics"])


@pytest.mark.parametrize(("door", "most_s"), [
    ("http_api_gateway", 28), ("http_api_gateway_v1", 28), ("http_function_url", 900),
])  # fmt: skip
def test_the_answer_comes_while_somebody_waits(
    door: str, most_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind API Gateway, which gives up after 29 s, the time is shorter than Lambda's."""
    seen: list[Deadline] = []

    def watched(event: dict[str, Any], call: Call) -> Answer:
        seen.append(call.deadline)
        return run(event, call)

    run = direct.run
    monkeypatch.setattr(direct, "run", watched)
    invoke(request(door), remaining_ms=900_000)
    (deadline,) = seen
    assert most_s - 60 < deadline.left_s <= most_s
