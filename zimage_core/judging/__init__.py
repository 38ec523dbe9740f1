"""Deciding on scored pictures: accepted, the next attempt, or a person."""

from zimage_core.judging.policy import POLICY, GatePolicy, Limit, default_policy, load_policy
from zimage_core.judging.verdicts import judge, variant_for

__all__ = ["POLICY", "GatePolicy", "Limit", "default_policy", "judge", "load_policy", "variant_for"]
