"""The mixes of real and local that docs/going-live.md names.

What is real there is played by a second sandbox: another Telegram, another Stripe, with keys of
their own, which `make run` knows only by what is set.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.runner.demo import CARD, LINK, Chat, message_json
from sandbox.runner.ports import Ports, free_ports
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings
from tests.e2e.system import LAST_LINE, SECONDS_TO_START, System, settings_for, short_folder, start
from tests.e2e.test_when_things_die import post

pytestmark = pytest.mark.slow
folder = pytest.fixture(short_folder)


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    yield from short_folder()


@pytest.mark.parametrize(
    "real", [("TELEGRAM",), ("STRIPE",), ("TELEGRAM", "STRIPE")], ids=" and ".join
)
async def test_what_is_set_is_used_and_the_rest_stands_in(
    real: tuple[str, ...], folder: Path, elsewhere: Path
) -> None:
    ports, (port,) = Ports(*free_ports(2)), free_ports(1)
    outside = SandboxSettings(
        data_dir=elsewhere,
        url=f"http://127.0.0.1:{port}",
        webhook_url=f"{ports.backend_url}/api/payments/webhook",  # as `stripe listen` forwards
        stripe_secret_key="sk_test_elsewhere",
        stripe_webhook_secret="whsec_elsewhere",
        telegram_bot_token="4242424242:elsewhere",
    )
    supplied = {
        "TELEGRAM_BOT_TOKEN": outside.telegram_bot_token,
        "TELEGRAM_API_BASE": outside.url,
        "STRIPE_SECRET_KEY": outside.stripe_secret_key,
        "STRIPE_WEBHOOK_SECRET": outside.stripe_webhook_secret,
        "STRIPE_API_BASE": outside.url,
    }
    supplied = {name: value for name, value in supplied.items() if name.startswith(real)}
    url = {
        each: outside.url if each in real else ports.sandbox_url for each in ("TELEGRAM", "STRIPE")
    }
    async with running_sandbox(outside, port):
        system = System(
            await start("run", **settings_for(folder, ports), **supplied), ports, folder
        )
        try:
            await system.wait_for(LAST_LINE, SECONDS_TO_START)
            async with (
                aiohttp.ClientSession(url["TELEGRAM"]) as chats,
                aiohttp.ClientSession(url["STRIPE"]) as stripe,
            ):
                ana = Chat(chats, "ana", system.printed.append)
                await ana.write("/start")
                await ana.see("a greeting")
                await ana.write("/topup 50")
                link, session = re.findall(LINK, message_json(await ana.see("a link", LINK)))[0]
                assert link.startswith(url["STRIPE"])
                await post(stripe, f"/stripe/sessions/{session}/pay", card=CARD)
                await ana.see("that it is paid", "Paid.*€50.00")
        finally:
            if system.process.returncode is None:
                await system.stop()
