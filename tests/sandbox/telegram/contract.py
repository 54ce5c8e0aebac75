"""aiogram's models of the Bot API, with which answers of the local Telegram are compared.

aiogram builds each of its 446 models when it is imported, which takes seconds in every process that
runs tests. Few of them are ever used: here one is built at its first use, and is the same then.
"""

from functools import cache
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel, TypeAdapter

with patch.object(BaseModel, "model_rebuild"):
    from aiogram import methods as methods, types as types


@cache
def validator_of(returned: Any) -> TypeAdapter[Any]:
    """Return the validator of a type: one of aiogram's, or made of them."""
    validator = TypeAdapter[Any](returned)
    validator.rebuild(_types_namespace={name: getattr(types, name) for name in types.__all__})
    return validator
