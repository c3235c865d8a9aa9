"""The page on a pipeline's deployment is true: parameters, alarms, policies, examples."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from samtranslator.yaml_helper import yaml_parse

from msk_client import errors
from tests.deploy.expand import expand
from tests.deploy.pipeline_template import PATH, template
from tests.deploy.test_pipeline_watching import EVERYTHING
from tests.unit.test_docs import named, page_text, section, table

PAGE = PATH.parents[1] / "docs" / "pipeline-deployment.md"
TEXT = page_text(PAGE)
PARAMETERS = template()["Parameters"]
NEED_PROVISIONED = {
    "OnFailureKafkaTopic",
    "MinimumPollers",
    "MaximumPollers",
    "PollerGroup",
    "MaximumRetries",
    "MaximumRecordAge",
    "BisectOnError",
    "ReportBatchItemFailures",
    "MappingLogLevel",
    "SchemaRegistryArn",
    "SchemaRegistryUrl",
    "SchemaFormat",
    "SchemaAttributes",
    "SchemaAuthentication",
    "SchemaSecretArn",
    "SchemaRootCaSecretArn",
}
AWS_NAMES = {"BootstrapBrokerStringSaslIam", "FilterCriteria", "FunctionResponseTypes", "OffsetLag"}
AWS_NAMES |= {"EventCount", "ErrorCount", "KafkaMetrics", "SecurityGroupId"}
ACTION_NAMES = {
    *("DescribeTopic", "ReadData", "DescribeGroup", "AlterGroup", "WriteData"),
    *("WriteDataIdempotently", "DescribeClusterV2", "GetBootstrapBrokers", "PutObject"),
    *("GetObject", "GetObjectVersion", "DescribeCluster", "GetSchemaVersion", "GetRegistry"),
    *("GenerateDataKey", "Decrypt"),
}


def test_every_parameter_is_documented() -> None:
    """The table has each parameter, in the console's order, and none that isn't one."""
    groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    in_order = [name for group in groups for name in group["Parameters"]]
    rows = [re.match(r"\| `(\w+)` \|", line) for line in section(TEXT, "Parameters").splitlines()]
    assert [row[1] for row in rows if row] == in_order


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_default_is_true(name: str) -> None:
    """The table has the template's default, and marks what needs provisioned pollers."""
    (row,) = re.findall(rf"^\| `{name}` \| (.*?) \| (.*) \|$", TEXT, re.MULTILINE)
    default = str(PARAMETERS[name].get("Default", "required"))
    expected = {"": "blank", "required": "required"}.get(default, f"`{default}`")
    assert row[0] == expected
    assert row[1].endswith("(P)") == (name in NEED_PROVISIONED)


def test_every_alarm_is_documented() -> None:
    """Each alarm has a row: what it means, and what to do."""
    kinds = {n: r["Type"] for n, r in template()["Resources"].items()}
    alarms = {name for name, kind in kinds.items() if kind == "AWS::CloudWatch::Alarm"}
    listed = table(section(TEXT, "Alarms"), "alarm", "what it means", "what to do")
    assert alarms == {name for name in listed if name.endswith("Alarm")}
    assert all(all(listed[name]) for name in alarms)


def test_every_policy_of_the_role_is_documented() -> None:
    """The page names the role's policies, and none that isn't one."""
    policies = {
        policy["PolicyName"]
        for given in EVERYTHING.values()
        for policy in expand(PATH, given).resources["FunctionRole"]["Properties"]["Policies"]
    }
    listed = table(section(TEXT, "Permissions"), "policy")
    assert policies == {name for name in listed if listed[name][0] == f"`{name}`"}


def test_every_endpoint_is_documented() -> None:
    """Each service that can be asked for has the reason for its endpoint."""
    pattern = PARAMETERS["VpcEndpoints"]["AllowedPattern"]
    services = set(pattern.split("((")[1].split(")")[0].split("|"))
    assert services <= set(table(section(TEXT, "Network"), "endpoint", "what for"))


EXAMPLES = [
    yaml_parse(dedent(text))
    for text in re.findall(r"^ *```yaml\n(.*?)^ *```$", TEXT, re.MULTILINE | re.DOTALL)
]
"""Files of parameters, which stand indented below the step they belong to."""


@pytest.mark.parametrize("example", EXAMPLES, ids=["mapping", "drain", "load", "own"])
def test_the_examples_work(example: dict[str, str]) -> None:
    """Each file of parameters that is shown deploys."""
    expand(PATH, {name: str(value) for name, value in example.items()})


def test_each_job_has_an_example() -> None:
    """One file of parameters for each, and a mapping of a Kafka of one's own."""
    assert [example["Job"] for example in EXAMPLES] == [
        *PARAMETERS["Job"]["AllowedValues"],
        "mapping",
    ]
    assert [bool(example.get("SourceBrokers")) for example in EXAMPLES] == [False] * 3 + [True]


def test_every_name_is_the_templates() -> None:
    """What looks like a name of the template is one; the rest are errors and AWS's own names."""
    known = {*PARAMETERS, *template()["Resources"], *template()["Outputs"], *vars(errors)}
    known |= {"ReplayQueueArn"}  # of the client's template
    looks_like_one = {w for w in named(TEXT) if re.fullmatch(r"([A-Z][a-z0-9]+){2,}\d?", w)}
    assert {"FailedBatches", "OffsetLagAlarm", "MappingState"} <= looks_like_one
    assert looks_like_one - known <= AWS_NAMES | ACTION_NAMES
