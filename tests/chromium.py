"""A real Chromium, for the tests of pages. Where there is none they skip, with one loud line."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
# Without these it looks for its maker's hosts at every start.
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

needs_chromium = pytest.mark.skipif(
    not CHROMIUM, reason="THE PAGES ARE NOT TESTED: no Chromium here (apt-get install chromium)"
)


@asynccontextmanager
async def phone() -> AsyncIterator[Page]:
    """A phone-sized page. At the end nothing may have gone wrong in its console."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")

        def listen(page: Page) -> None:
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda message: complaints.append(message.text))

        context.on("page", listen)
        yield await context.new_page()
        await browser.close()
    # A refusal that a page shows as a sentence is also a line in the console; that is no defect.
    assert [said for said in complaints if "Failed to load resource" not in said] == []
