"""How fast are the functions, compared with other ways of doing the same? Run `python tests/benchmarks`.

Every way runs in this one process, in one thread, in turns, so that a busy machine slows all of them alike. The table
shows the median CPU time, and how many times as fast as the first way that is. The ratios say more about other
machines than the milliseconds do. `pip install -c constraints.txt -e '.[bench]'` installs the packages that
it compares with; what is missing is left out. It takes some minutes; `--quick` takes less than one.
"""

import argparse
import json
from pathlib import Path

import counting
import learning
import sampling
import scoring
import torch
from measuring import compare, peak_memory, surroundings


def show(title, rows):
    print(f"\n{title}\n{'':<52}{'ms':>12}{'times as fast':>16}", flush=True)
    for row in rows:
        if "ms" in row:
            print(f"{row['way']:<52}{row['ms']:>12,.3f}{row['ratio']:>16,.1f}")
        else:
            print(f"{row['way']:<52}{row['skipped']:>28}")


def memory_of_counting(quick):
    """Return the peak of memory for each number of names, in MiB; the words come from an iterator."""
    rows = []
    for label in [counting.OURS, "collections.Counter, one text"]:
        for times in [1] if quick else [1, 10, 100, 1000] if label == counting.OURS else [1, 10]:
            mib = peak_memory(label, times)
            if mib is None:
                print("the system does not tell the peak")
                return rows
            rows.append({"way": label, "names": len(counting.names) * times, "mib": mib})
            print(f"{label:<52}{len(counting.names) * times:>12,} names{mib:>9,.1f} MiB", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what was measured")
    parser.add_argument("--peak", nargs=2, metavar=("WAY", "TIMES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.peak:
        print(counting.peak(options.peak[0], int(options.peak[1])))
        return
    kept = surroundings() | {"comparisons": []}
    for module in [counting, sampling, scoring, learning]:
        before = {}
        for comparison in module.comparisons(options.quick):
            rows = compare(comparison, before)
            show(comparison.title, rows)
            kept["comparisons"].append({"title": comparison.title, "rows": rows})
    print("\nMemory besides the words, at most")
    kept["memory"] = memory_of_counting(options.quick)
    if options.json:
        options.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
