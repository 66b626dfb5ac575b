# SPDX-License-Identifier: Apache-2.0
"""One browser and one of each report for all tests; skips without a browser."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import chromium
import profiles

HERE = Path(__file__).resolve().parent
# Profiles whose source lies beside the report.
FOLDERS = ("compared_source", "hostile_source", "parts")
BUILD = Path(os.environ.get("PYPROF_BUILDDIR", HERE.parent.parent))
REPORT_OF = BUILD / "tests/support/heap_report_of"


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
def open_file(browser):
    """Opens a page; in the end nothing may have been asked for or logged."""
    opened = []
    browser.problems.clear()
    browser.requests.clear()

    def show(path, fragment=""):
        opened.append(f"file://{path}")
        browser.open(path, fragment)
        browser.settle()
        return browser

    yield show
    assert browser.problems == []
    for url in browser.requests:
        assert url.split("#")[0] in [*opened, "about:blank"]


@pytest.fixture
def open_page(open_file, report):
    """Opens a report of one of the profiles."""
    return lambda kind, fragment="", extension="html": open_file(
        report(kind, extension), fragment)


@contextlib.contextmanager
def running_leaky():
    """A program that leaks; each line makes it grow."""
    program = subprocess.Popen(
        [sys.executable, "-I", HERE.parent / "targets/leaky.py", "2000"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    try:
        assert program.stdout.readline() == "ready\n"
        yield program
    finally:
        os.kill(program.pid, signal.SIGKILL)
        program.communicate()


@pytest.fixture(scope="session")
def heap_page(tmp_path_factory):
    """The page of leaky.py's heap."""
    path = tmp_path_factory.mktemp("heap") / "heap.html"
    with running_leaky() as program:
        subprocess.run([REPORT_OF, str(program.pid), path], check=True,
                       timeout=60)
    return path


@pytest.fixture(scope="session")
def growth_page(tmp_path_factory):
    """The page of what grew in it by one line."""
    path = tmp_path_factory.mktemp("growth") / "growth.html"
    with running_leaky() as program:
        report = subprocess.Popen(
            [REPORT_OF, str(program.pid), path, "growth"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert report.stdout.readline() == "copied\n"
        program.stdin.write("\n")
        program.stdin.flush()
        assert program.stdout.readline() == "grown\n"
        report.communicate("\n", timeout=60)
        assert report.returncode == 0
    return path
