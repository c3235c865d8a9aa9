"""Parameters of a pipeline that are right each, but not together, are refused."""

from __future__ import annotations

import pytest

from tests.deploy.expand import Refused, expand
from tests.deploy.pipeline_combinations import RIGHT, WRONG
from tests.deploy.pipeline_template import PATH, template


@pytest.mark.parametrize(("rule", "assertion", "parameters"), WRONG)
def test_a_wrong_combination_is_refused(
    rule: str, assertion: int, parameters: dict[str, str]
) -> None:
    """CloudFormation's own rules refuse it before anything is made, and say why."""
    why = template()["Rules"][rule]["Assertions"][assertion]["AssertDescription"]
    with pytest.raises(Refused) as refused:
        expand(PATH, parameters)
    assert why in str(refused.value)


@pytest.mark.parametrize("parameters", RIGHT)
def test_a_right_combination_is_deployed(parameters: dict[str, str]) -> None:
    """The rules are against nothing that works."""
    expand(PATH, parameters)


def test_every_rule_is_tried() -> None:
    """Each assertion of each rule has a combination that it refuses."""
    rules = template()["Rules"].items()
    every = {(name, i) for name, rule in rules for i, _ in enumerate(rule["Assertions"])}
    assert every == {(rule, index) for rule, index, _ in WRONG}
