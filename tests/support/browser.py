"""A real browser for tests of pages: Debian's Chromium, driven by Playwright, judged by axe-core.

    class Page(Programs):
        def test_the_page_has_a_title(self):
            with browser() as chromium:
                page = chromium.new_page()
                page.goto(path.as_uri())
                self.assertEqual(accessibility_faults(page), [])
"""

import contextlib
import os
import shutil
import unittest

# Pages are opened from files or loopback. Everything that Chromium does by itself over the network is off: it would only
# be refused where there is no network, many times a second.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-domain-reliability",
    "--disable-client-side-phishing-detection", "--no-pings", "--metrics-recording-only", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def chromium_path():
    """Where Chromium is: CHROMIUM in the environment, or a program of the system; None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def browser():
    """A browser, closed at the end. Without Chromium the test is skipped, which tests/run tells as NOT RUN."""
    path = chromium_path()
    if not path:
        raise unittest.SkipTest("there is no Chromium: install Debian's package chromium, or name one with CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


def accessibility_faults(page):
    """What axe-core finds wrong with a page, a sentence each: rule, help and the element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {fault['help']}: {node['html']}" for fault in found for node in fault["nodes"]]
