"""The routes of groups, as the bot calls them: who may say what of one, and who decides."""

import pytest

from backend.schemas import GroupNews, GroupPermissions
from bot.backend_api.errors import BackendRefusal
from tests.backend.conftest import ANA, BEN, EVE, System, token

TEAM = -4001


async def test_an_owner_opens_a_group_to_everybody_in_it_and_closes_it_again(
    system: System,
) -> None:
    client, acme = system.client, system.world.acme
    await client.report_group_event(TEAM, GroupNews(happened="joined"))
    with pytest.raises(BackendRefusal, match="role_too_low"):
        await client.tie_group(BEN, TEAM, acme)
    await client.tie_group(ANA, TEAM, acme)
    allowed = GroupPermissions(organization_id=acme, shows_balance=True)
    shown = await client.change_group_permissions(ANA, TEAM, allowed)
    assert (shown.organization_name, shown.announces_credits) == ("Acme", False)
    seen = await client.get_group_balance(EVE, TEAM)
    assert seen.wallets[0].balance.amount == "0.00"
    seen_by_all = await client.get_group(EVE, TEAM)
    assert (seen_by_all.organization_name, seen_by_all.owner_name) == ("Acme", "Ana")
    assert (seen_by_all.organization_id, seen_by_all.shows_balance) == (
        None,
        False,
    )  # only its owners see that
    ended = GroupPermissions(organization_id=acme, tied=False)
    assert not (await client.change_group_permissions(ANA, TEAM, ended)).tied
    with pytest.raises(BackendRefusal, match="not_found"):
        await client.get_group_balance(ANA, TEAM)


async def test_only_the_bot_itself_says_where_it_is_and_only_of_groups(system: System) -> None:
    news = {"happened": "joined"}
    for path, bearer, status in (
        (f"/internal/groups/{TEAM}", token(), 401),  # Ana's own token
        ("/internal/groups/1001", token(), 404),  # a person's chat
        ("/internal/groups/-9999999999999999", token(), 404),
    ):
        headers = {"Authorization": f"Bearer {bearer}"}
        async with system.http.post(system.url + path, json=news, headers=headers) as answer:
            assert answer.status == status
