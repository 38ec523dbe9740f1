"""Who may do what."""

from enum import StrEnum


class Role(StrEnum):
    """What a person, or a program with a key, may do; an admin may do everything."""

    OPERATOR = "operator"  #: submits forms, runs campaigns, takes files
    REVIEWER = "reviewer"  #: accepts and rejects pictures
    ADMIN = "admin"  #: users, keys, rules, webhooks
