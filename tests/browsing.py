"""A real browser for tests of pages: opened without a window, at a width, with what it logs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# Where CI asks for a browser a missing one is a failure, elsewhere a reason to skip.
NEEDS_BROWSER = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and "BAYESDENSITY_BROWSER" not in os.environ,
    reason="no chromium with chromedriver here",
)
WIDE, NARROW = (1280, 900), (390, 800)
FLAGS = ("headless=new", "no-sandbox", "disable-gpu", "disable-background-networking", "hide-scrollbars")


def opened() -> Iterator[Any]:
    """The browser, for a fixture; needs selenium."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in FLAGS:
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def show(browser: Any, path: Path, size: tuple[int, int] = WIDE, scheme: str = "light") -> None:
    """Open a page afresh, with empty logs."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(path.as_uri())


def requested(browser: Any) -> list[str]:
    """Addresses that the page asked for, without those that stand inside it."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if not url.startswith("data:")]
