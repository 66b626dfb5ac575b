# SPDX-License-Identifier: Apache-2.0
"""One browser and one of each report for all tests; skips without a browser."""

import os
import subprocess
from pathlib import Path

import pytest

import chromium
import profiles

HERE = Path(__file__).resolve().parent
# Profiles whose source lies beside the report.
FOLDERS = ("hostile_source", "parts")
BUILD = Path(os.environ.get("PYPROF_BUILDDIR", HERE.parent.parent))


def pytest_collection_modifyitems(items):
    if not chromium.find():
        for item in items:
            item.add_marker(pytest.mark.skip(reason="no chromium here"))


@pytest.fixture(scope="session")
def browser():
    with chromium.Page() as page:
        page.size(1400, 900)
        yield page


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The path of a report of one of the profiles, in a format."""
    folder = tmp_path_factory.mktemp("reports")

    def make(kind, extension="html"):
        path = folder / f"{kind}.{extension}"
        if not path.exists():
            arguments = [folder] if kind in FOLDERS else []
            text = getattr(profiles, kind)(*arguments)
            subprocess.run([BUILD / "tests/support/report_of", path],
                           input=text.encode(), check=True, timeout=60)
        return path

    return make


@pytest.fixture
def open_page(browser, report):
    """Opens a report; in the end nothing may have been asked for or logged."""
    opened = []

    def show(kind, fragment="", extension="html"):
        path = report(kind, extension)
        opened.append(f"file://{path}")
        browser.open(path, fragment)
        browser.settle()
        return browser

    yield show
    assert browser.problems == []
    for url in browser.requests:
        assert url.split("#")[0] in [*opened, "about:blank"]
