"""aiogram's models of the Bot API as a judge of what the local Telegram says.

aiogram builds each of its 446 models when it is imported, which takes seconds in every process that
runs tests. Few of them ever judge: here one is built when it does so first, and is the same then.
"""

from functools import cache
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel, TypeAdapter

with patch.object(BaseModel, "model_rebuild"):
    from aiogram import methods as methods, types as types


@cache
def judge(returned: Any) -> TypeAdapter[Any]:
    """What judges values of this type: one of aiogram's, or made of them."""
    court = TypeAdapter[Any](returned)
    court.rebuild(_types_namespace={name: getattr(types, name) for name in types.__all__})
    return court
