"""What CloudFormation's functions are worked out to, and what it refuses to deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.expand import Refused, expand
from tests.deploy.intrinsics import Resolver

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = {
    "Mappings": {"Sizes": {"small": {"memory": 256}}},
    "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Parameters": {"Vpc": {"Type": "AWS::EC2::VPC::Id"}},
}
KNOWN = {
    "Name": "orders",
    "List": ["a", "b"],
    "Vpc": "vpc-1",
    "b.Vpc": "vpc-2",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "Queue.QueueName": "learnt",
}
NOTHING = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Name"}, "orders"),
        ({"Ref": "Queue"}, "Queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:eu-west-1:123456789012:Queue"),
        ({"Fn::GetAtt": "Queue.QueueName"}, "learnt"),
        ({"Fn::Sub": "${Name}-${AWS::Region}-${!Name}"}, "orders-eu-west-1-${Name}"),
        ({"Fn::Sub": ["${Name}${x}", {"x": {"Ref": "Vpc"}}]}, "ordersvpc-1"),
        ({"Fn::Sub": "${Queue.QueueName}"}, "learnt"),
        ({"Fn::Join": ["-", {"Ref": "List"}]}, "a-b"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b,c"]}]}, "b"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": [1, "1"]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]}, True),
        ({"Fn::FindInMap": ["Sizes", "small", "memory"]}, 256),
        ({"Fn::Contains": [{"Ref": "List"}, "b"]}, True),
        ({"Fn::Contains": [{"Ref": "List"}, "c"]}, False),
        ({"Fn::EachMemberEquals": [["a", "a"], "a"]}, True),
        ({"Fn::EachMemberEquals": [["a", "b"], "a"]}, False),
        ({"Fn::ValueOf": ["List", "Vpc"]}, ["vpc-1", "vpc-2"]),
        ({"a": NOTHING, "b": [NOTHING, {"Fn::If": ["No", 1, NOTHING]}]}, {"b": []}),
        ({"Ref": "Name", "more": 1}, {"Ref": "Name", "more": 1}),
    ],
)
def test_functions_are_worked_out(value: object, expected: object) -> None:
    """Each function does what AWS's reference says, and what is no value isn't there."""
    assert expected == Resolver(TEMPLATE, KNOWN)(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"Ref": "Nobody"}, KeyError),
        ({"Fn::GetAtt": "Nobody.Arn"}, KeyError),
        ({"Fn::Transform": {}}, NotImplementedError),
    ],
)
def test_what_is_not_known_is_no_text(value: object, kind: type[Exception]) -> None:
    """A name or function that isn't known is an error, not a text that looks like a value."""
    with pytest.raises(kind):
        Resolver(TEMPLATE, KNOWN)(value)


BUCKET = """
Parameters:
  Size: {Type: Number, Default: 3, MinValue: 1, MaxValue: 9}
  Kind: {Type: String, Default: "off", AllowedValues: ["off", "on"]}
  Names: {Type: CommaDelimitedList, Default: "", AllowedPattern: "[a-z]+"}
  Required: {Type: String, MinLength: 2}
Rules:
  OnIsLarge:
    RuleCondition: !Equals [!Ref Kind, "on"]
    Assertions:
      - {Assert: !Equals [!Ref Size, 9], AssertDescription: Size must be 9 where Kind is on.}
Conditions: {IsOn: !Equals [!Ref Kind, "on"]}
Resources:
  Always: {Type: AWS::S3::Bucket, Properties: {BucketName: !Join ["-", !Ref Names]}}
  Sometimes: {Type: AWS::S3::Bucket, Condition: IsOn, DependsOn: Always}
"""


@pytest.fixture(name="template")
def _template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(BUCKET, encoding="utf-8")
    return path


def test_resources_are_made_where_their_condition_holds(template: Path) -> None:
    """A resource whose condition doesn't hold isn't there, and the rest has no functions left."""
    off = expand(template, {"Required": "ab", "Names": "a, b"})
    assert {"Always": {"BucketName": "a-b"}} == off.of_type("AWS::S3::Bucket")
    on = expand(template, {"Required": "ab", "Kind": "on", "Size": "9"})
    assert {"Always", "Sometimes"} == on.resources.keys()


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({}, "Required is required"),
        ({"Required": "a"}, "Required .* length"),
        ({"Required": "ab", "Size": "10"}, "Size .* within"),
        ({"Required": "ab", "Size": "x"}, "Size .* number"),
        ({"Required": "ab", "Kind": "true"}, "Kind .* one of"),
        ({"Required": "ab", "Names": "a,B"}, "Names is 'B'"),
        ({"Required": "ab", "Other": "x"}, "no parameters .*Other"),
        ({"Required": "ab", "Kind": "on"}, "Size must be 9"),
    ],
)
def test_wrong_parameters_are_refused(
    template: Path, parameters: dict[str, Any], text: str
) -> None:
    """What CloudFormation would refuse is refused, by the parameter's name or the rule's text."""
    with pytest.raises(Refused, match=text):
        expand(template, parameters)
