"""A SAM template as CloudFormation would deploy it: translated, with parameters filled in.

SAM's own translator makes CloudFormation out of SAM; `intrinsics` works out conditions and
functions. Parameters are checked as CloudFormation checks them, before anything is made.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from samtranslator.parser.parser import Parser
from samtranslator.sdk.resource import SamResourceType
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local.msk.roles import ACCOUNT, REGION
from tests.deploy.intrinsics import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/function:tag"
"""What `sam build` and `sam deploy` would put in place of the image's metadata."""


class Refused(ValueError):
    """CloudFormation would not deploy this: a parameter or a rule is against it."""


@dataclass(frozen=True)
class Stack:
    """What a deployment would make."""

    resources: dict[str, dict[str, Any]]
    """Logical id -> resource; those whose condition holds, without conditions and functions."""
    outputs: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Find the resources of a type such as `AWS::SQS::Queue`: logical id -> properties."""
        found = {n: r for n, r in self.resources.items() if r["Type"] == kind}
        return {name: resource.get("Properties", {}) for name, resource in found.items()}

    def environment(self, function: str) -> dict[str, str]:
        """The environment variables of a function, as Lambda would set them."""
        properties = self.resources[function]["Properties"]
        variables = properties.get("Environment", {}).get("Variables", {})
        return {name: str(value) for name, value in variables.items()}

    def statements(self, role: str, prefix: str = "") -> list[dict[str, Any]]:
        """The statements of a role's own policies, those whose actions have the prefix."""
        return [
            statement
            for policy in self.resources[role]["Properties"].get("Policies", [])
            for statement in listed(policy["PolicyDocument"]["Statement"])
            if all(action.startswith(prefix) for action in listed(statement["Action"]))
        ]


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - IAM lets the only item stand alone
    """Take a list, or one thing as a list of it."""
    return value if isinstance(value, list) else [value]


def expand(
    path: Path,
    parameters: Mapping[str, str],
    attributes: Mapping[str, str] | None = None,
    account: str = ACCOUNT,
) -> Stack:
    """Answer what a deployment with these parameters would make; raises `Refused`.

    `attributes` are what a deployment would learn from AWS, as `Name.Attribute`; or as `Name`
    for a resource's own id.
    """
    template = deepcopy(_parsed(path.read_text(encoding="utf-8")))
    check(template, parameters)
    values = _values(template, parameters, account)
    plain = _translate(template, values)
    resolver = Resolver(plain, values | dict(attributes or {}))
    if broken := resolver.broken_rules():
        raise Refused("; ".join(broken))
    return Stack(
        resources=dict(_existing(plain["Resources"], resolver)),
        outputs={n: o["Value"] for n, o in _existing(plain.get("Outputs", {}), resolver)},
    )


@cache
def _parsed(text: str) -> dict[str, Any]:
    """Parsing takes most of the time, and the translator changes what it is given."""
    template: dict[str, Any] = yaml_parse(text)
    return template


def _existing(
    parts: Mapping[str, dict[str, Any]], resolver: Resolver
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Leave out what has a condition that doesn't hold."""
    for name, part in parts.items():
        rest = {key: value for key, value in part.items() if key not in {"Condition", "Metadata"}}
        if "Condition" not in part or resolver.condition(part["Condition"]):
            yield name, resolver(rest)


def _translate(template: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    for resource in template["Resources"].values():
        if resource["Type"] == SamResourceType.Function.value:
            resource["Properties"].setdefault("ImageUri", IMAGE)
    # AWS's managed policies are named by ARN in our templates, so the translator needs no list.
    translator = Translator({}, Parser(), boto_session=Session(region_name=REGION))
    plain: dict[str, Any] = translator.translate(template, dict(values))
    return plain


def _values(
    template: Mapping[str, Any], parameters: Mapping[str, str], account: str
) -> dict[str, Any]:
    """Parameters with their defaults, lists as lists, and the pseudo parameters."""
    values: dict[str, Any] = {
        "AWS::AccountId": account,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{account}:stack/stack/id",
        "AWS::StackName": "stack",
        "AWS::URLSuffix": "amazonaws.com",
    }
    for name, parameter in template.get("Parameters", {}).items():
        text = str(parameters.get(name, parameter.get("Default", "")))
        values[name] = _items(text) if _is_list(parameter) else text
    return values


def _is_list(parameter: Mapping[str, Any]) -> bool:
    kind = parameter["Type"]
    return kind == "CommaDelimitedList" or "List<" in kind


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")] if text else []


def check(template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    """Hold parameters against their own limits, without the rules; raises `Refused`."""
    known = template.get("Parameters", {})
    if unknown := parameters.keys() - known.keys():
        raise Refused(f"the template has no parameters {sorted(unknown)}")
    for name, parameter in known.items():
        if name not in parameters and "Default" not in parameter:
            raise Refused(f"{name} is required")
        text = str(parameters.get(name, parameter.get("Default", "")))
        # CloudFormation holds a list's items against the patterns, one by one.
        for value in _items(text) if _is_list(parameter) else [text]:
            if fault := _fault(parameter, value):
                told = parameter.get("ConstraintDescription", "")
                raise Refused(f"{name} is {value!r}, but {fault}. {told}".rstrip())


def _fault(parameter: Mapping[str, Any], value: str) -> str | None:
    pattern = parameter.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(str(pattern), value):
        return f"must match {pattern}"
    allowed = parameter.get("AllowedValues")
    if allowed is not None and value not in {_as_text(one) for one in allowed}:
        return f"must be one of {allowed}"
    if not _within(len(value), parameter.get("MinLength"), parameter.get("MaxLength")):
        return "has the wrong length"
    if parameter["Type"] == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "must be a number"
    bounds = parameter.get("MinValue"), parameter.get("MaxValue")
    if any(bound is not None for bound in bounds) and not _within(float(value), *bounds):
        return f"must be within {bounds}"
    return None


def _within(size: float, least: float | str | None, most: float | str | None) -> bool:
    return (least is None or size >= float(least)) and (most is None or size <= float(most))


def _as_text(value: object) -> str:
    """YAML's true is CloudFormation's `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
