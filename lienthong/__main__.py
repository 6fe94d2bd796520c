"""`python -m lienthong`: the same as the command `lienthong`."""

import sys

from lienthong.cli import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
