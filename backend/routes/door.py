"""What every door needs: the shared objects' keys, a body by its model, an id from the path."""

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


def payment_id(request: web.Request) -> UUID:
    """The path's id; raises BadRequest if it is none."""
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise BadRequest("The id in the path is not a UUID.") from None


def said(model: BaseModel, status: int = 200) -> web.Response:
    """A model as the answer."""
    return web.Response(
        status=status, text=model.model_dump_json(), content_type="application/json"
    )
