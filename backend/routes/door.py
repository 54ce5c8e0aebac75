"""What every door needs: shared objects' keys, a body or query by its model, ids from the path."""

import asyncio
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, ValidationError

from backend.errors import BadRequest
from backend.topups import Shop

SHOP = web.AppKey("shop", Shop)
CLOSING = web.AppKey("closing", asyncio.Event)

M = TypeVar("M", bound=BaseModel)


async def body(request: web.Request, model: type[M]) -> M:
    """The request's JSON as `model`; raises BadRequest with what is wrong with it."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise BadRequest(complaints(error)) from None


def complaints(error: ValidationError) -> str:
    """Which fields are wrong and why, without repeating what was sent."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'body'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_context=False, include_url=False)
    )


def query(request: web.Request, model: type[M]) -> M:
    """What the address asks after `?`, as `model`; raises BadRequest with which name is wrong.

    A name that is said twice counts as a list: `a=1&a=2` is `a=1,2`.
    """
    asked = request.query
    try:
        return model.model_validate({name: ",".join(asked.getall(name)) for name in asked})
    except ValidationError as error:
        raise BadRequest(complaints(error)) from None


def path_id(request: web.Request, name: str = "id") -> UUID:
    """An id in the path; raises BadRequest if it is none."""
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise BadRequest(f"The {name} in the path is not a UUID.") from None


def said(model: BaseModel, status: int = 200) -> web.Response:
    """A model as the answer."""
    return web.Response(
        status=status, text=model.model_dump_json(), content_type="application/json"
    )
