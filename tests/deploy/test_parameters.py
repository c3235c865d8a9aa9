"""What the main template's parameters take, and what they refuse by their own name."""

from __future__ import annotations

import pytest

from msk_client.actions import ACTIONS
from tests.deploy.expand import Refused, expand
from tests.deploy.main_template import EXISTING, PATH, template
from tests.deploy.parameter_values import BAD, GOOD

PARAMETERS = template()["Parameters"]
INTERFACE = template()["Metadata"]["AWS::CloudFormation::Interface"]
LOOKED_UP = {"VpcId", "SubnetIds"}
"""CloudFormation itself looks whether these exist."""

each_parameter = pytest.mark.parametrize("name", PARAMETERS)


def pairs(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Take a table apart: one case for each value."""
    return [(name, value) for name, values in table.items() for value in values]


def refusal(**parameters: str) -> str:
    """What a deployment with these parameters is refused for; empty where no parameter is."""
    try:
        expand(PATH, EXISTING | parameters)
    except Refused as problem:
        return str(problem)
    return ""


def test_every_parameter_is_tried() -> None:
    """Each parameter has values to take and values to refuse, but for those that AWS looks up."""
    assert set(GOOD) == set(BAD) == set(PARAMETERS) - LOOKED_UP


@pytest.mark.parametrize(("name", "value"), pairs(GOOD))
def test_a_good_value_is_taken(name: str, value: str) -> None:
    """Such a value is not refused for itself; a rule about several parameters may still."""
    assert not refusal(**{name: value}).startswith(f"{name} is {value!r}")


@pytest.mark.parametrize(("name", "value"), pairs(BAD))
def test_a_bad_value_is_refused(name: str, value: str) -> None:
    """CloudFormation refuses such a value before it makes anything."""
    assert refusal(**{name: value}).startswith(f"{name} is {value!r}")


@pytest.mark.parametrize("name", LOOKED_UP)
def test_the_network_must_be_given(name: str) -> None:
    """There is no deployment without a VPC and subnets, and AWS holds their ids against its own."""
    given = {key: value for key, value in EXISTING.items() if key != name}
    with pytest.raises(Refused, match=f"{name} is required"):
        expand(PATH, given)
    assert "AWS::EC2::" in PARAMETERS[name]["Type"]


@each_parameter
def test_each_parameter_says_what_it_is(name: str) -> None:
    """It has a description; where a value can be wrong by form or size it says what is right."""
    parameter = PARAMETERS[name]
    assert parameter["Description"]
    limited = {"AllowedPattern", "MinValue", "MaxValue"} & parameter.keys()
    assert bool(limited) == ("ConstraintDescription" in parameter)


@each_parameter
def test_each_parameter_has_its_place_in_the_console(name: str) -> None:
    """It is in one group and has a label."""
    places = [group for group in INTERFACE["ParameterGroups"] if name in group["Parameters"]]
    assert len(places) == 1
    assert INTERFACE["ParameterLabels"][name]["default"]


def test_every_action_can_be_allowed_and_scheduled() -> None:
    """The two parameters know the actions that the function knows, and no others."""
    assert PARAMETERS["ScheduleAction"]["AllowedValues"] == PARAMETERS["AllowedActions"][
        "Default"
    ].split(",")
    assert set(PARAMETERS["ScheduleAction"]["AllowedValues"]) == set(ACTIONS)
    assert not refusal(AllowedActions=",".join(ACTIONS))


def test_no_action_is_part_of_anothers_name() -> None:
    """The conditions look for an action's name in the list of allowed ones."""
    assert not [(a, b) for a in ACTIONS for b in ACTIONS if a != b and a in b]
