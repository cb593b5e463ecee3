"""watchtower's own test-suite, as it was published.

Usage: watchtower_suite.py SOURCE. Runs test/test.py of the unpacked source and prints a JSON object: for each
test, how it ended. Endpoint, credentials and region come from the environment.
"""

import importlib.util
import json
import os
import sys
import unittest

TESTS = os.path.join(os.path.abspath(sys.argv[1]), "test")


class Outcomes(unittest.TextTestResult):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.outcomes = {}

    def note(self, test, outcome):
        self.outcomes[test.id().rpartition(".")[2]] = outcome

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, f"skipped: {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed")

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed")


os.chdir(TESTS)
spec = importlib.util.spec_from_file_location("watchtower_suite", os.path.join(TESTS, "test.py"))
suite = importlib.util.module_from_spec(spec)
spec.loader.exec_module(suite)
runner = unittest.TextTestRunner(resultclass=Outcomes, verbosity=2)
print(json.dumps(runner.run(unittest.defaultTestLoader.loadTestsFromModule(suite)).outcomes))
