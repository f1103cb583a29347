"""Running shiptrace as a user does: its path comes from the environment, its settings do not."""

import os
import subprocess
import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("SHIPTRACE", ROOT / "target" / "debug" / "shiptrace")).resolve()

# The settings and credentials of whoever runs the tests stay out of them, and so does any proxy: loopback is meant.
_OURS = ("SHIPTRACE_", "GOOGLE_", "BIGQUERY_", "CLOUDSDK_", "GCE_METADATA_", "GCLOUD_")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}
ENVIRONMENT = {
    name: value for name, value in os.environ.items()
    if not name.startswith(_OURS) and name.lower() not in _PROXIES
}

# Longer than any test waits on purpose; a program that hangs fails its test instead of the whole run.
LONGEST_SECONDS = 300


@dataclass
class Done:
    """A program that has ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str


class Programs(unittest.TestCase):
    """A test with a folder of its own that is also the program's home and working folder."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not BINARY.is_file():
            raise FileNotFoundError(f"there is no program at {BINARY}: run `cargo build`, or say with SHIPTRACE where it is")

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def environment(self, **more):
        """The program's environment: nothing of the user's own settings, and a home in the test's folder."""
        return {**ENVIRONMENT, "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache"),
                "XDG_CONFIG_HOME": str(self.folder / "config"), **{name: str(value) for name, value in more.items()}}

    def shiptrace(self, *arguments, stdin=None, env=None, cwd=None):
        """Runs the program; `env` adds to its environment. Its output is text."""
        done = subprocess.run([BINARY, *map(str, arguments)], cwd=cwd or self.folder, input=stdin, capture_output=True,
                              env=self.environment(**(env or {})), encoding="utf-8", errors="backslashreplace",
                              stdin=None if stdin is not None else subprocess.DEVNULL, timeout=LONGEST_SECONDS)
        return Done(done.returncode, done.stdout, done.stderr)

    def succeeds(self, *arguments, **options):
        """What the program writes to standard output; it must end with 0."""
        done = self.shiptrace(*arguments, **options)
        self.assertEqual(done.code, 0, f"{arguments}\n{done.err}")
        return done.out

    def fails(self, code, *arguments, **options):
        """What the program writes to standard error; it must end with this code and write no result."""
        done = self.shiptrace(*arguments, **options)
        self.assertEqual(done.code, code, f"{arguments}\n{done.err}\n{done.out}")
        return done.err

    def write(self, name, text):
        """A file in the test's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


if __name__ == "__main__":
    sys.exit("this file holds what tests share; run one of tests/*.py")
