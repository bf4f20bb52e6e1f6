"""Runs tests that the OpenAI SDK for Python has for itself against a server, and prints what came of each.

They come with the source package of the installed version, which is fetched once and kept beside it.
"""

import contextlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

VERSION = importlib.metadata.version("openai")
KEPT = Path(sys.prefix, f"openai-{VERSION}")


def fetch_source():
    with tempfile.TemporaryDirectory(dir=sys.prefix) as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--no-binary", "openai", "--dest", folder, f"openai=={VERSION}"]
        subprocess.run([*pip, *options], check=True, stdout=sys.stderr)
        with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        Path(folder, KEPT.name).rename(KEPT)


def copy_tests(folder, replacements):
    """Copies the tests with the words of one API replaced by those of the other."""
    shutil.copy(KEPT / "pyproject.toml", folder)
    shutil.copytree(KEPT / "tests", folder / "tests")
    for path in folder.glob("tests/api_resources/**/*.py"):
        text = path.read_text()
        for word, replacement in replacements.items():
            text = text.replace(word, replacement)
        path.write_text(text)


class Recorder:
    """Gives the tests our key, since theirs is none that a server would issue, and takes down their outcomes."""

    def __init__(self, api_key):
        self.api_key = api_key
        self.outcomes = {}

    def pytest_collection_finish(self):
        sys.modules["tests.conftest"].api_key = self.api_key

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            message = "" if report.outcome == "passed" else str(report.longrepr)[-1500:]
            self.outcomes[report.nodeid] = {"outcome": report.outcome, "message": message}


def main():
    options = json.loads(os.environ["PLUMB_OWN_TESTS"])
    try:
        if not KEPT.exists():
            fetch_source()
    except subprocess.CalledProcessError:
        print(json.dumps(f"pip cannot fetch the source package of openai {VERSION}"))
        return
    recorder = Recorder(options["api_key"])
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        copy_tests(Path(folder), options["replacements"])
        os.chdir(folder)
        files = [f"tests/api_resources/{file}" for file in options["files"]]
        pytest.main(["-q", "-o", "addopts=", "--tb=native", "-p", "no:cacheprovider", *files], plugins=[recorder])
    print(json.dumps(recorder.outcomes))


main()
