"""Mutate real recordings and see that no traceback reaches anybody and no row disappears.

Run as `python -m benchmarks.soak.fuzz --cases 10000`. Each case puts a mutated file beside two
sound ones, plans, reads and checks the folder, and compares what came out with a count of lines of
its own. Where recordings are not at hand, generated ones serve.
"""

import argparse

from benchmarks.soak.fuzz.cases import fuzz


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    outcomes = fuzz(options.cases, options.seed, options.first)
    for outcome, count in outcomes.most_common():
        print(f"{count:6d}  {outcome}")
    print(f"{outcomes.total()} cases, no traceback, every row accounted for")


if __name__ == "__main__":
    main()
