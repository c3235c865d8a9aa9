"""The local S3: as strict as S3 where moto isn't, and failing on demand."""

from __future__ import annotations

import gzip
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from local.aws import Fault, LocalAws, start_aws
from local.aws.__main__ import main
from local.aws.look import client
from local.samples import BUCKET, OBJECTS
from msk_client.s3.packing import packer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Look = Callable[..., tuple[int, str, str]]

COMMAND = [sys.executable, "-m", "local.aws"]


@pytest.fixture(name="own")
def an_aws_of_its_own() -> Iterator[LocalAws]:
    """Services whose faults disturb no other test."""
    with start_aws() as aws:
        yield aws


@pytest.fixture
def bucket(own: LocalAws) -> str:
    """A bucket that nobody has used."""
    name = f"b-{uuid.uuid4().hex}"
    own.client("s3").create_bucket(Bucket=name)
    return name


def code_of(call: Any, **arguments: object) -> str:  # noqa: ANN401 - a method of boto3
    """Answer S3's code for a call that fails."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_a_conditional_put_is_one_step(own: LocalAws, bucket: str) -> None:
    """Of eight conditional writes at once seven are refused, again and again."""
    s3 = own.client("s3")
    for number in range(10):
        codes: list[str] = []
        start = threading.Barrier(8)

        def put(key: str, start: threading.Barrier, codes: list[str]) -> None:
            start.wait()
            try:
                s3.put_object(Bucket=bucket, Key=key, Body=b"x" * 50_000, IfNoneMatch="*")
                codes.append("written")
            except ClientError as problem:
                codes.append(problem.response["Error"]["Code"])

        threads = [threading.Thread(target=put, args=(str(number), start, codes)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == ["PreconditionFailed"] * 7 + ["written"]


def test_half_a_body_is_not_stored(own: LocalAws, bucket: str) -> None:
    """What a sender that was killed had sent so far is no object."""
    address = urlsplit(own.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        head = f"PUT /{bucket}/half HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head.encode() + b"y" * 500)
        connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in connection.recv(1_000)
    assert code_of(own.client("s3").head_object, Bucket=bucket, Key="half") == "404"


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "SlowDown")])
def test_a_fault_is_met_so_often(own: LocalAws, bucket: str, status: int, code: str) -> None:
    """A fault for two requests is met by two, those that match, and not carried out."""
    s3 = own.client("s3")
    fault = Fault("PUT", f"/{bucket}/a*", status, code, times=2)
    own.set_faults(fault)
    s3.put_object(Bucket=bucket, Key="b", Body=b"")
    for _ in range(2):
        assert code_of(s3.put_object, Bucket=bucket, Key="a", Body=b"") == code
    assert code_of(s3.head_object, Bucket=bucket, Key="a") == "404"
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    assert fault.met == 2


@pytest.mark.parametrize("done", [False, True])
def test_a_connection_is_cut(own: LocalAws, bucket: str, *, done: bool) -> None:
    """The connection is closed without an answer, before or after the work."""
    s3 = own.client("s3")
    own.set_faults(Fault("PUT", cut=True, done=done))
    with pytest.raises((ConnectionClosedError, http.client.HTTPException)):
        s3.put_object(Bucket=bucket, Key="a", Body=b"")
    own.set_faults()
    found = s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    assert found == int(done)


def test_a_delay_ends_with_the_server() -> None:
    """A slow answer comes at its time, or when the server is stopped."""
    fault = Fault("GET", delay_s=600)
    with start_aws() as aws:
        aws.set_faults(fault)
        thread = threading.Thread(target=aws.client("s3").list_buckets)
        thread.start()
        while not fault.met:
            time.sleep(0.01)
    thread.join(30)
    assert not thread.is_alive()


def test_sqs_is_there_too(own: LocalAws) -> None:
    """The same address serves queues."""
    sqs = own.client("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"


def test_it_runs_as_a_program() -> None:
    """`python -m local.aws` prints its exports, serves, and ends with its standard input."""
    with subprocess.Popen(  # noqa: S603 - our own program
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        assert line.startswith("export AWS_ENDPOINT_URL_S3=http://127.0.0.1:")
        address = urlsplit(line.strip().partition("=")[2])
        with socket.create_connection((address.hostname, address.port)):
            pass
        program.communicate("", timeout=30)
    assert program.returncode == 0


@pytest.fixture(scope="module", name="shell")
def a_shell_with_exports() -> Iterator[dict[str, str]]:
    """The environment of a shell that took the exports of a running `python -m local.aws`."""
    with subprocess.Popen(  # noqa: S603 - our own program
        COMMAND,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        lines = [program.stdout.readline().strip() for _ in range(6)]
        shown = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        yield {"PATH": "/usr/bin:/bin", **shown}
        program.send_signal(signal.SIGINT)
        _, wrong = program.communicate(timeout=30)
    assert (0, "") == (program.returncode, wrong)


@pytest.fixture
def look(
    shell: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Look:
    """Call a command of `python -m local.aws` in that shell: its code, output and errors."""
    for name, value in shell.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        return code, *capsys.readouterr()

    return run


def test_the_exports_are_all_that_an_sdk_needs(shell: dict[str, str]) -> None:
    """Both endpoints, a region and made-up credentials are printed."""
    assert {
        *("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS", "AWS_REGION", "AWS_ACCESS_KEY_ID"),
        *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    } < shell.keys()


def test_objects_are_listed_and_printed(shell: dict[str, str], look: Look) -> None:
    """The samples are there, and what is compressed is printed as it was."""
    listed = look("ls", f"s3://{BUCKET}/in/")[1].split()
    assert [f"s3://{BUCKET}/{key}" for key in OBJECTS if key.startswith("in/")] == listed[1::2]
    text = OBJECTS["in/orders.ndjson"]
    assert (0, text.decode(), "") == look("cat", f"s3://{BUCKET}/in/orders.ndjson")
    s3 = client("s3", shell["AWS_ENDPOINT_URL_S3"])
    for packed, encoding in ((gzip.compress(text), "gzip"), (zstd(text), "zstd")):
        s3.put_object(Bucket=BUCKET, Key="packed", Body=packed, ContentEncoding=encoding)
        assert (0, text.decode(), "") == look("cat", f"s3://{BUCKET}/packed")


def zstd(text: bytes) -> bytes:
    """Compress."""
    own = packer("zst")
    return own.compress(text) + own.flush()


def test_messages_are_printed_and_stay(shell: dict[str, str], look: Look) -> None:
    """A queue's messages, more than one request brings, are shown again the next time."""
    sqs = client("sqs", shell["AWS_ENDPOINT_URL_SQS"])
    url = sqs.create_queue(QueueName="seen")["QueueUrl"]
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    for _ in range(2):
        assert {str(n) for n in range(12)} == set(look("messages", "seen")[1].split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ls", "s3://none"], "NoSuchBucket"),
        (["cat", f"s3://{BUCKET}/none"], "NoSuchKey"),
        (["cat", "none"], "none is not s3://bucket/key"),
        (["messages", "none"], "NonExistentQueue"),
    ],
)
def test_what_isnt_there_is_one_line(look: Look, arguments: list[str], said: str) -> None:
    """A wrong name is told without a traceback."""
    code, shown, told = look(*arguments)
    assert (2, "") == (code, shown)
    (line,) = told.splitlines()
    assert said in line


@pytest.mark.parametrize("command", [["ls"], ["cat", "s3://my-bucket/a"], ["messages", "seen"]])
def test_aws_itself_is_never_asked(
    look: Look, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """Without the exports nothing is looked at, whatever credentials there are."""
    for service in ("S3", "SQS"):
        monkeypatch.delenv(f"AWS_ENDPOINT_URL_{service}")
    code, _, told = look(*command)
    assert 2 == code
    (line,) = told.splitlines()
    assert "AWS_ENDPOINT_URL_" in line
    assert "make aws" in line
