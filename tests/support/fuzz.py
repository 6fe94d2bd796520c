"""Fuzzes FEEL and DMN, half of the time each: `make fuzz MINUTES=60`.

Prints the seed, the number of executions and every find; the exit code is 1 if there is one.
"""

import argparse
import sys
import time

import dmn_fuzz
import feel_fuzz


def main() -> int:
    """Run until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    options = parser.parse_args()
    finds = feel_fuzz.run(options.minutes / 2, options.seed)
    finds += dmn_fuzz.run(options.minutes / 2, options.seed)
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
