"""What `make invoke` lets through to the function, and to whom it can speak."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from local.msk import CLUSTER_ARN, DEFAULT_ROLE
from local.settings import LOCAL, of_shell
from local.surroundings import EVENTS, Surroundings, plan
from tests.fake_s3 import FakeS3
from tests.unit.invoking import KeptKafka, invoke
from tests.unit.test_docs import CODE, section, tables

DOCS = Path(__file__).parents[2] / "docs"
HEADS = (["name", "default", "meaning"], ["setting", "unset means", "meaning"])
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
REAL = {
    "KAFKA_ENDPOINT": "boot-x.c2.kafka-serverless.eu-west-1.amazonaws.com:9098",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a-secret-key",
    "AWS_SESSION_TOKEN": "a-session-token",
}
LOGIN = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": DEFAULT_ROLE.access_key_id,
    "AWS_SECRET_ACCESS_KEY": DEFAULT_ROLE.secret_access_key,
}
OF_MSK = LOGIN | {"KAFKA_ENDPOINT": "localhost:9098", "KAFKA_CA_FILE": "/tmp/ca.pem"}  # noqa: S108 - never opened
OF_AWS = LOGIN | {
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9",
}


def documented() -> set[str]:
    """Find every variable of the docs that the function reads: those of tables, and AWS's own."""
    operations = (DOCS / "operations.md").read_text(encoding="utf-8")
    found = set(VARIABLE.findall(" ".join(CODE.findall(section(operations, "Settings")))))
    for page in DOCS.glob("*.md"):
        for table in tables(page.read_text(encoding="utf-8")):
            if table[0][:3] in HEADS:
                found |= {name for row in table[2:] for name in CODE.findall(row[0])}
    return found


@pytest.mark.parametrize("name", sorted(documented()))
def test_each_documented_variable_reaches_the_function(name: str) -> None:
    """What the documentation says of the function's variables holds for `make invoke` too."""
    assert {name: "x"} == of_shell({name: "x"})
    assert {name: "x"}.items() <= dict(plan(REAL | {name: "x"}).taken).items()


def test_all_kinds_of_settings_are_documented() -> None:
    """The test above is about settings of every table, and the endpoints of S3 and SQS."""
    some = {"KAFKA_ENDPOINT", "OUTPUT_BUCKET", "ESM_SINK", "S3_EVENT_TOPIC", "CONTINUE_QUEUE_URL"}
    assert some | {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"} <= documented()


def test_nothing_else_reaches_the_function() -> None:
    """A shell's other variables, and what only looks like a setting, stay behind."""
    others = {"PATH": "x", "HOME": "x", "AWS_PROFILE": "x", "KAFKA_HEAP_OPTS": "x", "ESM_SNIK": "x"}
    assert {} == of_shell(others)


def test_a_cluster_of_the_shell_is_taken_as_it_is() -> None:
    """Nothing is started, and nothing added, for somebody's own cluster."""
    for shell in (REAL, {"MSK_CLUSTER_ARN": CLUSTER_ARN, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}):
        made = plan(shell)
        assert (False, False, {}) == (made.starts_msk, made.starts_aws, dict(made.added))
        assert shell == dict(made.taken)


def test_real_credentials_dont_come_along_to_a_local_stage() -> None:
    """Without a cluster in the shell its credentials and region stay behind: AWS isn't asked."""
    shell = {name: text for name, text in REAL.items() if name != "KAFKA_ENDPOINT"}
    made = plan(shell | {"KAFKA_CA_FILE": "x", "ESM_SINK": "log"})
    assert (True, True) == (made.starts_msk, made.starts_aws)
    assert {"ESM_SINK": "log"} == dict(made.taken)


@pytest.mark.parametrize(
    ("shell", "starts"),
    [({}, (True, True)), (OF_MSK, (False, True)), (OF_AWS, (True, False)),
     (OF_MSK | OF_AWS, (False, False)),
     (LOGIN | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, (True, False)),
     (OF_MSK | {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}, (False, True))],
)  # fmt: skip
def test_a_local_cluster_goes_with_a_local_s3(
    shell: dict[str, str], starts: tuple[bool, bool]
) -> None:
    """What the shell's exports leave out of the local stage is started."""
    made = plan(shell)
    assert starts == (made.starts_msk, made.starts_aws)
    assert LOCAL == dict(made.added)


@pytest.mark.parametrize("value", ["log", ""])
def test_an_exported_setting_is_kept(value: str) -> None:
    """What is exported, were it empty, isn't set here."""
    made = plan({"ESM_SINK": value})
    assert "ESM_SINK" not in made.added
    assert {"ESM_SINK": value} == dict(made.taken)


@pytest.mark.parametrize(
    "path", [*EVENTS.glob("*.json"), *EVENTS.glob("triggers/*.json")], ids=lambda p: p.stem
)
def test_each_event_file_works_on_a_new_stage(path: Path) -> None:
    """With the samples and settings of the local stage alone every event is carried out."""
    event = json.loads(path.read_bytes())
    around = Surroundings(plan({}), lambda _: None)
    kafka, s3 = KeptKafka(), FakeS3.of_events()
    for one in [*around.samples_for(event), event]:
        answer = invoke(one, kafka, 30_000, s3, None, **LOCAL)
        assert "errorType" not in str(answer)
