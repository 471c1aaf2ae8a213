"""`python -m benchmarks [cold-start] [--customers N] [--rounds N]`: measure, and print a table of ratios."""

from __future__ import annotations

import argparse
import sys

from benchmarks import cold_start, documents, exports, imports, lifetime, questions, visible

BENCHMARKS = {
    "cold-start": cold_start.main,
    "questions": questions.main,
    "imports": imports.main,
    "documents": documents.main,
    "exports": exports.main,
    "lifetime": lifetime.main,
    "visible": visible.main,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(BENCHMARKS), help="which to run; by default all")
    parser.add_argument("--customers", type=int, default=100_000, help="how many the world has")
    parser.add_argument("--rounds", type=int, default=21, help="how often every case is run")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    for name in given.names or BENCHMARKS:
        sys.stdout.write(f"{name}\n{BENCHMARKS[name](given.customers, given.rounds)}\n")


if __name__ == "__main__":
    main()
