"""The page on deployment is true: every parameter, alarm, policy and output that it should name."""

from __future__ import annotations

import json
import re

import pytest
from samtranslator.yaml_helper import yaml_parse

from msk_client import errors
from msk_client.actions import ACTIONS
from msk_client.actions.request import decode
from tests.deploy.main_template import PATH, at_existing, template
from tests.deploy.parameter_values import QUEUE
from tests.unit.test_docs import blocks, named, page_text, section, table

PAGE = PATH.parent / "docs" / "deployment.md"
TEXT = page_text(PAGE)
PARAMETERS = template()["Parameters"]
ALL = {
    "Tracing": "on",
    "Bucket": "my-bucket",
    "S3PrefixListId": "pl-01234567",
    "ReplayQueueArn": QUEUE,
}
"""All that adds to the role."""


def test_every_parameter_is_documented() -> None:
    """The table has each parameter, in the console's order, and none that isn't one."""
    groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    in_order = [name for group in groups for name in group["Parameters"]]
    assert list(table(section(TEXT, "Parameters"), "parameter")) == in_order


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_default_is_true(name: str) -> None:
    """The table has the template's default; a parameter without one is required."""
    cells = table(section(TEXT, "Parameters"), "parameter")[name]
    default = str(PARAMETERS[name].get("Default", "required"))
    expected = {"": "blank", "required": "required"}.get(default, f"`{default}`")
    assert cells[1] == expected


def test_every_alarm_is_documented() -> None:
    """Each alarm has a row: what it means, and what to do."""
    kinds = {n: r["Type"] for n, r in template()["Resources"].items()}
    alarms = {name for name, kind in kinds.items() if kind == "AWS::CloudWatch::Alarm"}
    listed = table(section(TEXT, "Alarms"), "alarm", "what it means", "what to do")
    assert alarms == {name for name in listed if name.endswith("Alarm")}
    assert all(all(listed[name]) for name in alarms)


def test_every_policy_of_the_role_is_documented() -> None:
    """The page names the role's policies, and none that isn't one."""
    role = at_existing(**ALL).resources["FunctionRole"]["Properties"]
    policies = {policy["PolicyName"] for policy in role["Policies"]}
    listed = table(section(TEXT, "Permissions"), "policy")
    assert policies == {name for name in listed if listed[name][0] == f"`{name}`"}


def test_every_endpoint_is_documented() -> None:
    """Each service that can be asked for has the reason for its endpoint."""
    pattern = PARAMETERS["VpcEndpoints"]["AllowedPattern"]
    services = set(pattern.split("((")[1].split(")")[0].split("|"))
    rows = table(section(TEXT, "Network"), "endpoint", "what for")
    assert services <= set(rows)


def test_what_costs_names_its_parameter() -> None:
    """What is billed only with a parameter says which, by its name."""
    priced = named(section(TEXT, "What it costs"))
    assert {"ClusterArn", "VpcEndpoints", "RouteTableIds", "Tracing"} <= priced


def test_the_scheduled_example_works() -> None:
    """The file of parameters deploys, and the function understands what Scheduler would send."""
    (example,) = (b for b in blocks(section(TEXT, "Schedule")) if b.language == "yaml")
    stack = at_existing(**yaml_parse(example.text))
    (schedule,) = stack.of_type("AWS::Scheduler::Schedule").values()
    sent = json.loads(schedule["Target"]["Input"])
    decode(sent, ACTIONS[sent["action"]].request)


def test_every_name_is_the_templates() -> None:
    """What looks like a name of the template is one; the rest are errors and AWS's own names."""
    known = {*PARAMETERS, *template()["Resources"], *template()["Outputs"], *vars(errors)}
    looks_like_one = {w for w in named(TEXT) if re.fullmatch(r"([A-Z][a-z0-9]+){2,}", w)}
    assert {"FailedEvents", "FailedEventsAlarm", "DashboardName"} <= looks_like_one
    assert looks_like_one - known == {
        "BootstrapBrokerStringSaslIam",
        "GetBootstrapBrokers",
        "GetObject",
        "GetObjectVersion",
        "InvokeFunction",
        "InvokeFunctionUrl",
        "ListBucket",
        "PutObject",
        "WaitCondition",
    }
