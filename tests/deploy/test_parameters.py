"""What the templates' parameters take, and what they refuse by their own name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.actions import ACTIONS
from tests.deploy import main_template, parameter_values, pipeline_template, pipeline_values
from tests.deploy.expand import Refused, check, expand

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Values = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Form:
    """A template with its parameters, and how they are tried."""

    path: Path
    template: Mapping[str, Any]
    least: Mapping[str, str]
    """What a deployment needs."""
    good: Values
    bad: Values

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The parameters as they are written."""
        declared: dict[str, dict[str, Any]] = self.template["Parameters"]
        return declared

    def refusal(self, **parameters: str) -> str:
        """What a deployment with these is refused for; empty where no parameter is."""
        try:
            check(self.template, {**self.least, **parameters})
        except Refused as problem:
            return str(problem)
        return ""


CLIENT = Form(
    main_template.PATH,
    main_template.template(),
    main_template.EXISTING,
    parameter_values.GOOD,
    parameter_values.BAD,
)
PIPELINE = Form(
    pipeline_template.PATH,
    pipeline_template.template(),
    pipeline_template.MAPPING,
    pipeline_values.GOOD,
    pipeline_values.BAD,
)
FORMS = {"client": CLIENT, "pipeline": PIPELINE}
PARAMETERS = CLIENT.parameters
LOOKED_UP = {"VpcId", "SubnetIds"}
"""CloudFormation itself looks whether these of the client's template exist."""

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
each_parameter = pytest.mark.parametrize(
    ("form", "name"),
    [pytest.param(f, name, id=f"{of}-{name}") for of, f in FORMS.items() for name in f.parameters],
)


def cases(kind: str) -> list[Any]:
    """Take the tables apart: one case for each value."""
    return [
        pytest.param(form, name, value, id=f"{of}-{name}-{value[:60]}")
        for of, form in FORMS.items()
        for name, values in getattr(form, kind).items()
        for value in values
    ]


@each_form
def test_every_parameter_is_tried(form: Form) -> None:
    """Each parameter has values to take and values to refuse, but for those that AWS looks up."""
    tried = set(form.parameters) - (LOOKED_UP if form is CLIENT else set())
    assert set(form.good) == set(form.bad) == tried


@pytest.mark.parametrize(("form", "name", "value"), cases("good"))
def test_a_good_value_is_taken(form: Form, name: str, value: str) -> None:
    """Such a value is not refused for itself; a rule about several parameters may still be."""
    assert not form.refusal(**{name: value})


@pytest.mark.parametrize(("form", "name", "value"), cases("bad"))
def test_a_bad_value_is_refused(form: Form, name: str, value: str) -> None:
    """CloudFormation refuses such a value before it makes anything."""
    assert form.refusal(**{name: value}).startswith(f"{name} is {value!r}")


@pytest.mark.parametrize("name", LOOKED_UP)
def test_the_network_must_be_given(name: str) -> None:
    """There is no deployment without a VPC and subnets, and AWS holds their ids against its own."""
    given = {key: value for key, value in CLIENT.least.items() if key != name}
    with pytest.raises(Refused, match=f"{name} is required"):
        expand(CLIENT.path, given)
    assert "AWS::EC2::" in PARAMETERS[name]["Type"]


@pytest.mark.parametrize("name", ["Job", "Topic"])
def test_a_pipeline_needs_to_know_its_job(name: str) -> None:
    """What it does, with which topic, has no default."""
    given = {key: value for key, value in PIPELINE.least.items() if key != name}
    with pytest.raises(Refused, match=f"{name} is required"):
        expand(PIPELINE.path, given)


@each_parameter
def test_each_parameter_says_what_it_is(form: Form, name: str) -> None:
    """It has a description; where a value can be wrong by form or size it says what is right."""
    parameter = form.parameters[name]
    assert parameter["Description"]
    limited = {"AllowedPattern", "MinValue", "MaxValue"} & parameter.keys()
    assert bool(limited) == ("ConstraintDescription" in parameter)


@each_parameter
def test_each_parameter_has_its_place_in_the_console(form: Form, name: str) -> None:
    """It is in one group and has a label."""
    interface = form.template["Metadata"]["AWS::CloudFormation::Interface"]
    places = [group for group in interface["ParameterGroups"] if name in group["Parameters"]]
    assert len(places) == 1
    assert interface["ParameterLabels"][name]["default"]


@each_form
def test_cloudformation_takes_so_many_and_so_much(form: Form) -> None:
    """At most 200 parameters, and 1 MB of template by S3."""
    assert len(form.parameters) <= 200
    assert form.path.stat().st_size < 1_000_000


def test_every_action_can_be_allowed_and_scheduled() -> None:
    """The two parameters know the actions that the function knows, and no others."""
    assert PARAMETERS["ScheduleAction"]["AllowedValues"] == PARAMETERS["AllowedActions"][
        "Default"
    ].split(",")
    assert set(PARAMETERS["ScheduleAction"]["AllowedValues"]) == set(ACTIONS)
    assert not CLIENT.refusal(AllowedActions=",".join(ACTIONS))


def test_no_action_is_part_of_anothers_name() -> None:
    """The conditions look for an action's name in the list of allowed ones."""
    assert not [(a, b) for a in ACTIONS for b in ACTIONS if a != b and a in b]
