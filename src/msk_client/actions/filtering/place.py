"""Where in a pattern something is, for errors and warnings that name it."""

from __future__ import annotations

from dataclasses import dataclass, field

from msk_client.errors import InvalidRequest

SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Place:
    """A path such as `Filters[0].Pattern.value.price[1].numeric`."""

    path: str
    warnings: list[str] = field(default_factory=list)
    """What may not do what it looks like; shared by all places of a pattern."""

    def __truediv__(self, name: str) -> Place:
        return Place(f"{self.path}.{name[:SHOWN_CHARACTERS]}", self.warnings)

    def __getitem__(self, index: int) -> Place:
        return Place(f"{self.path}[{index}]", self.warnings)

    def wrong(self, what: str) -> InvalidRequest:
        """Make the error for a pattern that AWS would refuse."""
        return InvalidRequest(f"{self.path} {what}.")

    def warn(self, what: str) -> None:
        """Note something once."""
        line = f"{self.path}: {what}."
        if line not in self.warnings:
            self.warnings.append(line)
