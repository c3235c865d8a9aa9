"""Every assumption about AWS. A new one is a function and an entry in a module of `checks/`."""

from __future__ import annotations

from deploy.verify.checks import (
    by_hand,
    limits,
    login,
    observed,
    permissions,
    pipeline,
    records,
    slow,
    topics,
)

ASSUMPTIONS = (
    *login.ASSUMPTIONS,
    *topics.ASSUMPTIONS,
    *records.ASSUMPTIONS,
    *permissions.ASSUMPTIONS,
    *limits.ASSUMPTIONS,
    *observed.ASSUMPTIONS,
    *slow.ASSUMPTIONS,
    *by_hand.ASSUMPTIONS,
    *pipeline.ASSUMPTIONS,
)
