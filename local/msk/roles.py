"""Who may do what: roles with their credentials and policies, and the file for the brokers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "123456789012"
CLUSTER_ARN = (
    f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/local/5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-s1"
)


@dataclass(frozen=True)
class Role:
    """An IAM role with the credentials that speak for it and its one policy document."""

    arn: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    policy: Mapping[str, object]
    expires_at_ms: int | None = None
    """The credentials' own end in Unix milliseconds; None: never."""


DEFAULT_ROLE = Role(
    arn=f"arn:aws:iam::{ACCOUNT}:role/local",
    access_key_id="ASIALOCALNOTREAL0001",
    secret_access_key="not-a-real-secret-for-local-use-only",  # noqa: S106 - made up
    session_token="not/a+real=session==token",  # noqa: S106 - made up
    policy={
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kafka-cluster:*", "Resource": "*"}],
    },
)


def write_roles(
    path: Path,
    roles: Sequence[Role],
    cluster_policy: Mapping[str, object] | None = None,
    cluster_arn: str = CLUSTER_ARN,
) -> None:
    """Replace the roles file in one step; the next request is judged by it.

    Raises ValueError for a policy with something that the authorizer doesn't know.
    """
    for role in roles:
        _check_policy(f"policy of {role.arn}", role.policy, _ELEMENTS)
    if cluster_policy is not None:
        _check_policy("policy of the cluster", cluster_policy, _ELEMENTS | {"Principal"})
    text = json.dumps(
        {
            "region": REGION,
            "cluster_arn": cluster_arn,
            "cluster_policy": cluster_policy,
            "roles": [_entry(role) for role in roles],
        },
        default=dict,
        indent=2,
    )
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _entry(role: Role) -> dict[str, object]:
    return {
        "arn": role.arn,
        "access_key_id": role.access_key_id,
        "secret_access_key": role.secret_access_key,
        "session_token": role.session_token,
        "policy": role.policy,
        "expires_at_ms": role.expires_at_ms,
    }


def _check_policy(whose: str, policy: Mapping[str, object], elements: set[str]) -> None:
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list | tuple) else [statements]:
        if fault := _fault(statement, elements):
            raise ValueError(f"{whose}: {fault}: {statement!r}")


def _fault(statement: object, elements: set[str]) -> str | None:
    if not isinstance(statement, Mapping):
        return "a statement must be an object"
    if unknown := statement.keys() - elements:
        return f"elements not known here: {sorted(unknown)}"
    if "Principal" in elements - statement.keys():
        return "a statement of a resource policy needs a Principal"
    if statement.get("Effect") not in {"Allow", "Deny"}:
        return "Effect must be Allow or Deny"
    for name in ("Action", "Resource"):
        if (name in statement) == (f"Not{name}" in statement):
            return f"needs either {name} or Not{name}"
    return None


_ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"}
