"""Settings that all tests share."""

import os

from hypothesis import settings

# Examples are timed by nobody here: machines are shared. In CI a failure must repeat.
settings.register_profile("suite", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("suite")
