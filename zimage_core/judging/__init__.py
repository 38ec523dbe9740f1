"""Deciding on scored pictures: accepted, the next attempt, or a person."""

from zimage_core.judging.policy import POLICY, Bar, GatePolicy, Limit, default_policy, load_policy
from zimage_core.judging.verdicts import Step, judge, step_after, variant_for

__all__ = [
    "POLICY",
    "Bar",
    "GatePolicy",
    "Limit",
    "Step",
    "default_policy",
    "judge",
    "load_policy",
    "step_after",
    "variant_for",
]
