"""The user's own way in: `sam build`, `sam local invoke` and `sam local start-lambda`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

from local.aws import LocalAws
from local.containers.network import gateway
from msk_client.actions import ACTIONS
from tests.deploy.main_template import at_existing
from tests.image.container import invoke, running
from tests.image.sam import CLI, FUNCTION, ROOT, Sam
from tests.objects import BUCKET, stock

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.images import Image

    from tests.image.conftest import Msk

EVENTS = sorted(path.name for path in (ROOT / "events").glob("*.json"))
S3_HOST = "host.docker.internal"
"""By which containers reach the local S3; moto takes most other names for a bucket's."""

ANSWERS = {
    "ping": "brokers",
    "list-topics": "topics",
    "create-topic": "created",
    "produce": "produced",
    "consume": "records",
    "replay": "replayed",
    "test-filter": "records",
}
"""Action -> a field that its answer has; a consume with a destination answers its objects."""


def event(name: str) -> dict[str, Any]:
    """Read an event's file."""
    found: dict[str, Any] = json.loads((ROOT / "events" / name).read_bytes())
    return found


ACTION_EVENTS = [name for name in EVENTS if "action" in event(name)]


def field_of(sent: dict[str, Any]) -> str:
    """A field that the answer to an event has."""
    return "objects" if "destination" in sent else ANSWERS[sent["action"].replace("_", "-")]


@pytest.fixture(scope="module")
def sam(tmp_path_factory: pytest.TempPathFactory, docker_address: str, base: str) -> Sam:
    """The project's template, built by the SAM CLI on the base that can be had here.

    SAM hands a container only the variables that the template names; the client's options,
    with the local MSK's certificate, and the address of S3 are named here in addition. What it
    knows of the stack within counts from the template's folder.
    """
    if not CLI.exists():
        pytest.skip(f"no SAM CLI: `make {CLI.parents[1].relative_to(ROOT)}/installed`")
    template = yaml_parse((ROOT / "template.yaml").read_text())
    function = template["Resources"][FUNCTION]
    function["Metadata"]["DockerBuildArgs"]["BASE_IMAGE"] = base
    variables = function["Properties"]["Environment"]["Variables"]
    variables |= {"KAFKA_CLIENT_OPTIONS": "{}", "AWS_ENDPOINT_URL_S3": "", "ALLOWED_BUCKETS": ""}
    within = template["Resources"]["Pipeline"]["Properties"]
    within["Location"] = str(ROOT / within["Location"])
    sam = Sam(tmp_path_factory.mktemp("sam"), docker_address)
    sam.build(template)
    return sam


@pytest.fixture(scope="module")
def lake(engine: docker.DockerClient) -> Iterator[dict[str, Any]]:
    """A local S3 with the objects that the events read: how containers reach it."""
    with LocalAws(host="0.0.0.0") as aws:  # noqa: S104 - containers come by their bridge
        stock(aws)
        address = f"http://{S3_HOST}:{aws.url.rpartition(':')[2]}"
        variables = {"AWS_ENDPOINT_URL_S3": address, "ALLOWED_BUCKETS": BUCKET}
        yield {"environment": variables, "others": {S3_HOST: gateway(engine)}}


@pytest.fixture(scope="module")
def stocked(
    engine: docker.DockerClient, image: Image, msk_for_containers: Msk, lake: dict[str, Any]
) -> Msk:
    """A local MSK with the topics that the events read, and an S3 beside it."""
    with running(engine, image, msk_for_containers) as container:
        for topic in ("my_topic", "customers_in"):
            invoke(container, {"action": "create-topic", "topic": topic})
        for name in ("create_topic.json", "produce_records.json"):
            assert invoke(container, event(name))["statusCode"] == 200
    environment = {**msk_for_containers.environment, **lake["environment"]}
    return replace(msk_for_containers, environment=environment, others=lake["others"])


@pytest.fixture(scope="module")
def client(sam: Sam, stocked: Msk) -> Iterator[Any]:
    """boto3's client of `sam local start-lambda`."""
    with sam.start_lambda(stocked) as address:
        made = boto3.client(
            "lambda",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"max_attempts": 0}, read_timeout=90),
        )
        yield made
        made.close()


@pytest.mark.parametrize("name", ACTION_EVENTS)
def test_sam_local_invoke(name: str, sam: Sam, stocked: Msk) -> None:
    """Each action's event file, sent by `sam local invoke`, does its work on the local MSK."""
    answer = sam.invoke(stocked, str(ROOT / "events" / name))
    assert answer["statusCode"] == 200, answer
    assert field_of(event(name)) in answer["body"]


def test_sam_local_invoke_shows_our_class(sam: Sam, stocked: Msk) -> None:
    """A failure is printed as Lambda's error object, with a class of ours."""
    answer = sam.invoke(stocked, "-", stdin='{"action": "consume", "topic": "nowhere"}')
    assert answer["errorType"] == "UnknownTopic"


def test_boto3_gets_the_answer(client: Any) -> None:  # noqa: ANN401 - boto3 has no types
    """An invocation by boto3 succeeds, and the next one finds the clients still there."""
    first, second = (call(client, event("produce_records.json")) for _ in range(2))
    assert "FunctionError" not in first
    assert "FunctionError" not in second
    offsets = [answer["Payload"]["body"]["results"][0]["offset"] for answer in (first, second)]
    assert offsets[0] < offsets[1]


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"action": "consume", "topic": "nowhere"}, "UnknownTopic"),
        ({"action": "produce"}, "InvalidRequest"),
        ({"action": "create-topic", "topic": "orders"}, "TopicExists"),
        ({"key1": "value1", "key2": "value2"}, "InvalidRequest"),
        (
            {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
            "InvalidRequest",
        ),
    ],
    ids=["no topic there", "no topic given", "topic is there", "console's test event", "rule"],
)
def test_boto3_gets_our_class(client: Any, sent: object, error: str) -> None:  # noqa: ANN401
    """A failure is Lambda's error object with our class, which callers can tell and catch.

    The SAM CLI guesses from the object's fields whether to set FunctionError, and doesn't know
    the requestId that AWS's client for Python puts in; Lambda itself goes by the client's word.
    """
    answer = call(client, sent)
    failed = answer["Payload"]
    assert failed.keys() == {"errorType", "errorMessage", "requestId", "stackTrace"}
    assert failed["errorType"] == error
    assert failed["errorMessage"]


def test_an_event_of_eventbridge(client: Any) -> None:  # noqa: ANN401
    """The action in the envelope of a custom event is done."""
    answer = call(client, event("eventbridge_produce.json"))
    assert answer["Payload"]["body"]["failed"] == 0
    assert answer["Payload"]["body"]["produced"] > 0


def test_every_action_has_an_event() -> None:
    """The events that are sent use every action, with and without an S3."""
    sent = [event(name) for name in ACTION_EVENTS]
    assert {one["action"].replace("-", "_") for one in sent} == set(ACTIONS)
    for field, action in (("destination", "consume"), ("source", "produce"), ("source", "replay")):
        assert [one for one in sent if one["action"] == action and field in one]


@pytest.mark.parametrize("action", ["ping", "list_topics", "create_topic", "produce", "consume"])
def test_what_the_schedule_sends(client: Any, action: str) -> None:  # noqa: ANN401
    """The schedule's input, taken from the template as it would be deployed, does its action."""
    topic = "" if action in {"ping", "list_topics"} else f"scheduled-{action}"
    if action == "consume":
        topic = "orders"
    stack = at_existing(
        ScheduleExpression="rate(1 day)", ScheduleAction=action, ScheduleTopic=topic
    )
    (schedule,) = stack.of_type("AWS::Scheduler::Schedule").values()
    answer = call(client, schedule["Target"]["Input"])
    assert "FunctionError" not in answer, answer["Payload"]
    assert ANSWERS[action.replace("_", "-")] in answer["Payload"]["body"]


def call(client: Any, sent: object) -> dict[str, Any]:  # noqa: ANN401
    """Invoke with an event, or with the very text of one; the payload comes parsed."""
    text = sent if isinstance(sent, str) else json.dumps(sent)
    answer = dict(client.invoke(FunctionName=FUNCTION, Payload=text.encode()))
    return answer | {"Payload": json.loads(answer["Payload"].read())}
