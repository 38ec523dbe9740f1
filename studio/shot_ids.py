"""How shots are named in addresses."""

from typing import Annotated

from fastapi import Path

ShotId = Annotated[
    str,
    Path(pattern=r"^[a-z0-9_]{1,100}$", description="A shot's id, such as shot_0402ef1a17e7805d5adb3ed1."),
]
