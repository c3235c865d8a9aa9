"""CloudFormation's own functions, worked out: what a template says once its parameters are known.

Written after AWS's "Intrinsic function reference" and "Rules". What a deployment alone can know
(the ARN of a queue that isn't there yet) is made up, or given by the caller.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NO_VALUE = object()
"""What `AWS::NoValue` stands for: the property that has it isn't there."""

PLACE = re.compile(r"\$\{([^}]*)\}")


class Resolver:
    """Works out functions, conditions and rules of one template."""

    def __init__(self, template: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        """`known`: parameters and pseudo parameters by name, attributes as `Name.Attribute`."""
        self._template = template
        self._known = known
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._substitute,
            "Fn::If": lambda v: self(v[1] if self.condition(v[0]) else v[2]),
            "Fn::And": lambda v: all(self(one) for one in v),
            "Fn::Or": lambda v: any(self(one) for one in v),
            "Fn::Not": lambda v: not self(v[0]),
            "Fn::Equals": lambda v: _text(self(v[0])) == _text(self(v[1])),
            "Fn::Join": lambda v: self(v[0]).join(map(_text, self(v[1]))),
            "Fn::Split": lambda v: self(v[1]).split(self(v[0])),
            "Fn::Select": lambda v: self(v[1])[int(self(v[0]))],
            "Fn::FindInMap": self._find_in_map,
            "Fn::Contains": lambda v: self(v[1]) in self(v[0]),
            "Fn::EachMemberEquals": lambda v: set(self(v[0])) <= {self(v[1])},
            "Fn::ValueOf": self._attributes_of,
        }

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - any part of a template
        """Work out every function in a value."""
        if isinstance(value, dict):
            if len(value) == 1:
                ((name, argument),) = value.items()
                if name in self._functions:
                    return self._functions[name](argument)
                if name.startswith("Fn::"):
                    raise NotImplementedError(f"{name} is not known here: {value}")
            worked_out = {name: self(inner) for name, inner in value.items()}
            return {n: inner for n, inner in worked_out.items() if inner is not NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self, value) if item is not NO_VALUE]
        return value

    def condition(self, name: str) -> bool:
        """Tell whether a condition holds."""
        return bool(self(self._template["Conditions"][name]))

    def broken_rules(self) -> list[str]:
        """Name the assertions of `Rules` that don't hold, by their descriptions."""
        return [
            assertion["AssertDescription"]
            for rule in self._template.get("Rules", {}).values()
            if self(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self(assertion["Assert"])
        ]

    def _ref(self, name: str) -> Any:  # noqa: ANN401 - text or a list
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._known:
            return self._known[name]
        if name in self._template["Resources"]:
            return name
        raise KeyError(f"Ref names {name!r}, which is neither a parameter nor a resource")

    def _attribute(self, path: str | list[str]) -> str:
        full = path if isinstance(path, str) else ".".join(path)
        name, _, attribute = full.partition(".")
        if name not in self._template["Resources"]:
            raise KeyError(f"GetAtt names {name!r}, which is no resource")
        service = self._template["Resources"][name]["Type"].split("::")[1].lower()
        made_up = self._substitute(
            f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{name}"
        )
        return str(self._known.get(full, made_up if attribute == "Arn" else full))

    def _substitute(self, argument: str | list[Any]) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def replaced(place: re.Match[str]) -> str:
            name = place[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in given:
                return _text(self(given[name]))
            return _text(self._attribute(name) if "." in name else self._ref(name))

        return PLACE.sub(replaced, text)

    def _attributes_of(self, argument: tuple[str, str]) -> list[str]:
        """Look up what AWS knows of a list's things; if not told, the parameter of that name."""
        parameter, attribute = argument
        usual = self._known.get(attribute)
        return [self._known.get(f"{one}.{attribute}", usual) for one in self._known[parameter]]

    def _find_in_map(self, path: list[Any]) -> Any:  # noqa: ANN401 - text or a list
        name, first, second = (self(part) for part in path[:3])
        return self._template["Mappings"][name][first][second]


def _text(value: Any) -> str:  # noqa: ANN401 - YAML's scalars
    """CloudFormation compares and joins as text; YAML's true is its `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
