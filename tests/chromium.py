"""A real Chromium for the tests of pages. Where there is none they skip, with a loud reason.

Whatever uses a browser has the mark `slow` of itself.
It is started once for a file, which takes longer than most of its tests. A browser belongs to the
event loop that it was started in, so such a file marks its tests with `one_loop`, and its fixtures
are of `loop_scope="module"` as well.
"""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
# Without these it looks for its maker's hosts at every start.
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

expect.set_options(timeout=60_000)  # milliseconds: a busy machine shows things late

needs_chromium = pytest.mark.skipif(
    not CHROMIUM, reason="THE PAGES ARE NOT TESTED: no Chromium here (apt-get install chromium)"
)
one_loop = pytest.mark.asyncio(loop_scope="module")


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that uses a browser as slow."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Run a browser for the tests of one file."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open a phone-sized page of its own; assert at the end that its console has no error."""
    complaints: list[str] = []

    def listen(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))

    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.on("page", listen)
    yield await context.new_page()
    await context.close()
    # A refusal that a page shows as a sentence is also a line in the console; that is no defect.
    assert [text for text in complaints if "Failed to load resource" not in text] == []
