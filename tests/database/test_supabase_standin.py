"""The stand-in answers as PostgREST's documents say: https://docs.postgrest.org."""

import time
from typing import TYPE_CHECKING, Any

import aiohttp
import asyncpg
import jwt
import pytest

from tests.conftest import World
from tests.supabase_standin import ALONE, BEARER, JWT_SECRET, SECRET_KEY, Standin

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

ANA: dict[str, Any] = {"role": "authenticated", "pursebot_telegram_id": 1001}
NO_PAYMENT = {"payment_id": "00000000-0000-4000-8000-000000000000"}


def bearer(key: str = JWT_SECRET, lifetime: int = 60, **claims: Any) -> str:
    return "Bearer " + jwt.encode({**claims, "exp": int(time.time()) + lifetime}, key)


@pytest.mark.parametrize(
    ("function", "body", "headers", "answer"),
    [
        ("get_payment", NO_PAYMENT, {}, (400, "PB404")),
        ("get_payment", NO_PAYMENT, {"apikey": "sb_secret_another"}, (401, None)),
        ("claim_notifications", {"max_rows": 1}, {"Authorization": ""}, (200, None)),
        ("get_payment", NO_PAYMENT, {"Authorization": bearer("x" * 32, **ANA)}, (401, "PGRST301")),
        ("get_payment", NO_PAYMENT, {"Authorization": bearer(lifetime=-60)}, (401, "PGRST303")),
        ("get_payment", NO_PAYMENT, {"Authorization": "Bearer sb_secret_x"}, (401, "PGRST301")),
        ("get_payment", NO_PAYMENT, {"Content-Profile": "private"}, (406, "PGRST106")),
        ("get_payment", NO_PAYMENT, {"Content-Profile": "public"}, (404, "PGRST202")),
        ("get_payment", {}, {}, (404, "PGRST202")),
        ("get_payment", {**NO_PAYMENT, "more": 1}, {}, (404, "PGRST202")),
        ("nothing", {}, {}, (404, "PGRST202")),
        ("get_payment", {"payment_id": "x"}, {}, (400, "22P02")),
        ("claim_notifications", {"max_rows": 1}, {}, (403, "42501")),
        ("get_events_cursor", {}, {"Authorization": f"Bearer {SECRET_KEY}"}, (200, None)),
        ("writes_in_secret", {}, {}, (405, "25006")),
        ("forgets_everybody", {}, {}, (400, "21000")),
    ],
)
async def test_each_documented_answer(
    standin: Standin, world: World, owner: Connection,
    function: str, body: dict[str, Any], headers: dict[str, str], answer: tuple[int, str | None],
) -> None:  # fmt: skip
    await owner.execute("""
        create function api.writes_in_secret() returns jsonb language sql stable security definer
        as $$ select to_jsonb(nextval('public.chats_id_seq')) $$;
        create function private.forgets() returns void language plpgsql security definer
        as $$ begin if false then delete from public.chats; end if; end $$;
        create function api.forgets_everybody() returns jsonb language sql security definer
        as $$ select private.forgets(); select '{}'::jsonb $$;
        grant execute on function api.writes_in_secret(), api.forgets_everybody() to authenticated;
    """)
    usual = {"apikey": SECRET_KEY, "Authorization": bearer(**ANA), "Content-Profile": "api"}
    path = f"{standin.url}/rest/v1/rpc/{function}"
    async with (
        aiohttp.ClientSession() as http,
        http.post(path, json=body, headers={**usual, **headers}) as text,
    ):
        content = await text.json()
    assert (text.status, content["code"] if text.status != 200 else None) == answer


@pytest.mark.parametrize(
    ("shapes", "authorization", "answer"),
    [
        (ALONE, "", 200),
        (ALONE, f"Bearer {SECRET_KEY}", 401),
        (BEARER, "", 401),
        (BEARER, f"Bearer {SECRET_KEY}", 200),
    ],
)
async def test_each_shape_of_a_gateway_knows_the_key_where_it_says(
    standin: Standin, world: World, shapes: frozenset[str], authorization: str, answer: int
) -> None:
    standin.key_shapes = shapes
    headers = {"apikey": SECRET_KEY, "Authorization": authorization, "Content-Profile": "api"}
    path = f"{standin.url}/rest/v1/rpc/get_events_cursor"
    async with (
        aiohttp.ClientSession() as http,
        http.post(path, json={}, headers=headers) as text,
    ):
        assert text.status == answer
