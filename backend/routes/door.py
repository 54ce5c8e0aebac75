"""What every door needs: the shared objects' keys, a body by its model, an id from the path."""

import asyncio
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel

from backend.errors import BadRequest
from backend.topups import Shop

SHOP = web.AppKey("shop", Shop)
CLOSING = web.AppKey("closing", asyncio.Event)

M = TypeVar("M", bound=BaseModel)


async def body(request: web.Request, model: type[M]) -> M:
    """The request's JSON as `model`; pydantic's complaint becomes a 400."""
    return model.model_validate_json(await request.read())


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
