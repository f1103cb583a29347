#!/usr/bin/env python3
"""Runs the tests of one file and writes down how many passed, failed and were skipped.

    python tests/support/run.py tests/outside.py [FILE FOR THE COUNTS]

A test counts once, however many of its parts failed. A file that cannot be loaded, or a class or module that cannot be
set up, counts as one failure. The counts are written last: where they are missing, the run itself broke.
"""

import faulthandler
import importlib.util
import sys
import unittest
from pathlib import Path

# A file that hangs is ended, with the place where it hangs.
LONGEST_RUN_SECONDS = 1500


class Counting(unittest.TextTestResult):
    """A result that knows the outcome of every single test."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.started = set()
        self.broken = set()
        self.left_out = set()

    def startTest(self, test):
        super().startTest(test)
        self.started.add(test.id())

    def addError(self, test, err):
        super().addError(test, err)
        self.broken.add(test.id())

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.broken.add(test.id())

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.broken.add(test.id())

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.broken.add(test.id())

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.left_out.add(test.id())

    def counts(self):
        """How many passed, failed and were skipped. A test with a skipped part was skipped."""
        skipped = self.left_out - self.broken
        passed = self.started - self.broken - skipped
        return len(passed), len(self.broken), len(skipped)


def tests_of(path):
    """The tests of a file, which may import its neighbours."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def main(path, counts_file=None):
    faulthandler.dump_traceback_later(LONGEST_RUN_SECONDS, exit=True)
    result = unittest.TextTestRunner(verbosity=2, resultclass=Counting).run(tests_of(Path(path).resolve()))
    passed, failed, skipped = result.counts()
    print(f"{path}: {passed} passed, {failed} failed, {skipped} skipped", file=sys.stderr)
    if counts_file:
        Path(counts_file).write_text(f"{passed} {failed} {skipped}\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
