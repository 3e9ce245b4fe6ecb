"""Run the command line as ``python -m bayesdensity``."""

from bayesdensity.cli import main

if __name__ == "__main__":
    main()
