"""``python -m causal_snn`` is the command line."""

import sys

from causal_snn.cli import main

sys.exit(main())
