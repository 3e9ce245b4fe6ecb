"""Run the command line as ``python -m bayesdensity``."""

import sys

from bayesdensity.cli import main

if __name__ == "__main__":
    sys.exit(main())
