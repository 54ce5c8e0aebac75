"""The handler of every door that is one use case: parse, call it, answer.

What a use case is called with, it says itself, in its signature:

- what BY_NAME has comes from the request, or from the application; a `key` that is never None
  must be sent;
- a model is the JSON body or, of a GET, what stands after `?`;
- what is left are the ids of the path, in their order: numbers (int) or UUIDs.
"""

from collections.abc import Awaitable, Callable
from inspect import getdoc, signature
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from backend.http import requests
from backend.http.authentication import acting_user, require_bot

UseCase = Callable[..., Awaitable[BaseModel | None]]

BY_NAME: dict[str, Callable[[web.Request], Any]] = {
    "shop": lambda request: request.app[requests.SHOP],
    "database": lambda request: request.app[requests.SHOP].database,
    "actor": acting_user,
    "key": requests.idempotency_key,
    # Of the bot's own doors.
    "bell": lambda request: request.app[requests.SHOP].bell,
    "metrics": lambda request: request.app[requests.SHOP].metrics,
    "seconds": requests.wait_seconds,
    "still_waits": requests.still_waits,
    "takeover": lambda request: request.query.get("takeover") == "true",
}


def answering(use_case: UseCase, status: int) -> Handler:
    """A handler that calls `use_case` and answers what it gives."""
    model = taken_by(use_case)
    parameters = signature(use_case).parameters

    async def handler(request: web.Request) -> web.Response:
        ids, arguments = iter(request.match_info), list[Any]()
        for name, parameter in parameters.items():
            if name == "key" and needs_key(use_case):
                arguments.append(requests.required_key(request))
            elif name in BY_NAME:
                arguments.append(BY_NAME[name](request))
            elif model and parameter.annotation is model:
                arguments.append(await requests.asked(request, model))
            else:
                read = requests.number_in_path if parameter.annotation is int else requests.path_id
                arguments.append(read(request, next(ids)))
        return requests.said(await use_case(*arguments), status)

    return handler


def for_bot(use_case: UseCase, status: int = 200) -> Handler:
    """A handler for the bot itself, and nobody else."""
    answer = answering(use_case, status)

    async def handler(request: web.Request) -> web.StreamResponse:
        require_bot(request)
        return await answer(request)

    return handler


def needs_key(use_case: UseCase) -> bool:
    """Whether it moves money, so that a repeat must be known as one."""
    key = signature(use_case).parameters.get("key")
    return key is not None and key.annotation is str


def taken_by(use_case: UseCase) -> type[BaseModel] | None:
    """The model that it is called with, if there is one."""
    for parameter in signature(use_case).parameters.values():
        kind = parameter.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def given_by(use_case: UseCase) -> type[BaseModel] | None:
    """The model that it answers with, if there is one."""
    model: type[BaseModel] | None = signature(use_case).return_annotation
    return model


def sentence_about(use_case: UseCase) -> str:
    """What it does: the first sentence of its docstring."""
    first, _, _ = " ".join((getdoc(use_case) or "").split()).partition(". ")
    return first.rstrip(".") + "."
