"""A stand-in for AWS: the real function on a Kafka in memory, and boto3's own clients, stubbed."""

from __future__ import annotations

import base64
import io
import json
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from botocore.validate import ParamValidator

from deploy.verify.run import verdict
from deploy.verify.subject import Options, Subject
from deploy.verify.table import ASSUMPTIONS
from msk_client.errors import MskClientError
from tests.unit.invoking import KeptKafka, invoke

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.verify.verdict import Verdict

    Script = Callable[[dict[str, Any]], dict[str, Any] | None]
    Stubs = Mapping[str, list[tuple[str, Any]]]
    """By service: operations in order, each with its answer or the code of its refusal."""

ACCOUNT = "123456789012"
FUNCTION_ARN = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:client"
CLUSTER = f"arn:aws:kafka:eu-west-1:{ACCOUNT}:cluster/my/5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-s1"
ENDPOINT = "boot-x.c2.kafka-serverless.eu-west-1.amazonaws.com:9098"
BY_NAME = {assumption.name: assumption for assumption in ASSUMPTIONS}
SERVICES = ("lambda", "kafka", "logs", "cloudwatch", "iam")
REQUEST_LIMITS = {"RequestResponse": 6 * 1024 * 1024, "Event": 1024 * 1024}


@cache
def client(service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes as it goes
    """A client of boto3 that knows AWS's models, and is never let out."""
    return boto3.client(
        service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def failed(error_type: str, message: str = "why") -> dict[str, Any]:
    """Script a failure of the function."""
    return {"error": {"errorType": error_type, "errorMessage": message, "stackTrace": []}}


def answered(**body: object) -> dict[str, Any]:
    """Script a success of the function."""
    return {"answer": {"statusCode": 200, "body": body}}


@dataclass
class FakeLambda:
    """Lambda with one function; `script` may answer in its stead, else the real code runs."""

    script: Script
    configuration: dict[str, Any]
    kafka: KeptKafka = field(default_factory=KeptKafka)
    events: list[Any] = field(default_factory=list)
    limits: Mapping[str, int] = field(default_factory=lambda: REQUEST_LIMITS)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the client has
        """Leave the rest to boto3's own client, which may be stubbed."""
        return getattr(client("lambda"), name)

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        """See boto3."""
        return self.configuration

    def invoke(self, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3
        """See boto3, whose model the parameters are held against."""
        shape = client("lambda").meta.service_model.operation_model("Invoke").input_shape
        assert not ParamValidator().validate(parameters, shape).has_errors()
        kind = parameters.get("InvocationType", "RequestResponse")
        if len(parameters["Payload"]) > self.limits[kind]:
            raise error("Invoke", "RequestEntityTooLargeException", 413)
        event = json.loads(parameters["Payload"])
        self.events.append(event)
        if kind == "Event":
            return {"StatusCode": 202, "Payload": io.BytesIO()}
        return self._run(event)

    def _run(self, event: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        log = io.StringIO()
        with redirect_stdout(log):
            outcome = self.script(event) or self._really(event)
        raw = outcome.get("raw") or json.dumps(
            outcome.get("error") or outcome["answer"], ensure_ascii=False
        )
        tail = outcome.get("log", log.getvalue()).encode()
        told = {"FunctionError": "Unhandled"} if "error" in outcome else {}
        payload = io.BytesIO(raw.encode())
        return {**told, "Payload": payload, "LogResult": base64.b64encode(tail).decode()}

    def _really(self, event: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        try:
            return {"answer": invoke(event, self.kafka, 30_000, None, None, **self._environment())}
        except MskClientError as problem:
            return failed(type(problem).__name__, str(problem))

    def _environment(self) -> dict[str, str]:
        variables: dict[str, str] = self.configuration["Environment"]["Variables"]
        return variables


def error(operation: str, code: str, status: int = 400) -> ClientError:
    """Make a refusal as boto3 raises it."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "r",
                "HostId": "h",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        operation,
    )


@dataclass
class Stage:
    """One look at one assumption."""

    script: Script = lambda _: None
    stubs: Stubs = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=lambda: REQUEST_LIMITS)
    cluster_arn: str | None = CLUSTER
    slept_s: list[float] = field(default_factory=list)
    now_s: float = 1_800_000_000.0

    def subject(self) -> Subject:
        """Make the deployed function."""
        configuration = {
            "FunctionArn": FUNCTION_ARN,
            "Role": f"arn:aws:iam::{ACCOUNT}:role/client",
            "MemorySize": 1024,
            "Timeout": 60,
            "LastModified": "2026-11-22T00:00:00.000+0000",
            "Environment": {"Variables": {"KAFKA_ENDPOINT": ENDPOINT} | self.variables},
        } | self.configuration
        function = FakeLambda(self.script, configuration, limits=self.limits)
        clients = {name: client(name) for name in SERVICES} | {"lambda": function}
        options = Options("client", "verify-aws-1", "verify-aws-2", self.cluster_arn, slow=True)
        return Subject(options, clients, sleep=self._sleep, clock=lambda: self.now_s)

    def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds

    def look(self, name: str) -> Verdict:
        """Look at the assumption of this name."""
        return self.look_with(self.subject(), name)

    def look_with(self, subject: Subject, name: str) -> Verdict:
        """Look at it with a subject at hand."""
        with ExitStack() as stack:
            for service in SERVICES:  # those without stubs too: no call may get out
                stubber = stack.enter_context(Stubber(client(service)))
                for operation, answer in self.stubs.get(service, ()):
                    if isinstance(answer, str):
                        stubber.add_client_error(operation, answer, "no", 400)
                    else:
                        stubber.add_response(operation, answer)
            return verdict(BY_NAME[name], subject)
