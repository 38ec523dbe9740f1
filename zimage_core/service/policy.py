"""Who may call which address. An address that no rule names is for admins only."""

import re
from dataclasses import dataclass
from functools import cached_property

from zimage_core.service.keys import Caller, KeyRole

ANYBODY = frozenset[KeyRole]()
"""No key needed: what probes and load balancers ask."""

RENDERERS = frozenset({KeyRole.RENDER, KeyRole.ADMIN})
WATCHERS = frozenset({KeyRole.MONITOR, KeyRole.ADMIN})
READERS = frozenset(KeyRole)
ADMINS = frozenset({KeyRole.ADMIN})


@dataclass(frozen=True)
class Rule:
    """The roles that may call `method` on the addresses that `path` matches whole.

    `makes`: whether it uses the device, so that quotas apply and a core that is not ready turns it away.
    `queues`: whether it also needs room in the queue. `body`: bytes its body may have.
    """

    method: str
    path: str
    roles: frozenset[KeyRole]
    makes: bool = False
    queues: bool = False
    body: int = 0

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled `path`, in which {name} stands for one segment."""
        return re.compile(re.sub(r"\{\w+\}", "[^/]+", self.path))


JOB_BYTES = 1 << 20
"""A RenderJob with hundreds of claims takes some 100 kB."""

PICTURE_BYTES = 32 << 20
"""A PNG of 25 megapixels as base64, with room for its claims."""

RULES = (
    Rule("GET", "/health/live", ANYBODY),
    Rule("GET", "/health/ready", ANYBODY),
    Rule("GET", "/health", WATCHERS),
    Rule("GET", "/metrics", WATCHERS),
    Rule("GET", "/openapi.json", READERS),
    Rule("POST", "/v1/renders", RENDERERS, makes=True, queues=True, body=JOB_BYTES),
    Rule("DELETE", "/v1/renders/{job_id}", RENDERERS),
    Rule("POST", "/v1/images/generations", RENDERERS, makes=True, queues=True, body=JOB_BYTES),
    # The name is a hash of the bytes, so whoever knows it was given it; <img> tags cannot send a key.
    Rule("GET", "/v1/files/{name}", ANYBODY),
    Rule("POST", "/v1/scores", RENDERERS, makes=True, body=PICTURE_BYTES),
    Rule("GET", "/v1/models", READERS),
    Rule("GET", "/v1/models/{model}", READERS),
    Rule("POST", "/v1/models/{model}/load", ADMINS, body=JOB_BYTES),
    Rule("POST", "/v1/models/{model}/unload", ADMINS, body=JOB_BYTES),
    Rule("POST", "/v1/models/{model}/pin", ADMINS, body=JOB_BYTES),
    Rule("POST", "/v1/models/{model}/unpin", ADMINS, body=JOB_BYTES),
)

ELSEWHERE = Rule("*", "/{anything}", ADMINS)


def rule_for(method: str, path: str) -> Rule:
    """Return the rule of a request; of an address without one, the rule that lets in admins only."""
    for rule in RULES:
        if rule.method == method and rule.pattern.fullmatch(path):
            return rule
    return ELSEWHERE


def may(caller: Caller, rule: Rule) -> bool:
    """Report whether the caller's role is among the rule's."""
    return rule.roles == ANYBODY or caller.role in rule.roles
