"""The last recorded run of `python tests/benchmarks`, as tables."""

import json
from pathlib import Path
from typing import Any

RECORD = Path(__file__).parents[1] / "explanation" / "speed.json"


def speeds() -> str:
    """Return a table for each comparison, and where and when it was measured."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    about = f"Measured on {record['date']}, {record['system']}, {record['processor']}: {versions}."
    return "\n\n".join([about, *map(_table, record["comparisons"])])


def memory() -> str:
    """Return the table of how much memory counting takes besides the words."""
    rows = json.loads(RECORD.read_text(encoding="utf-8"))["memory"]
    lines = [f"| {row['way']} | {row['names']:,} | {row['mib']:,.1f} |" for row in rows]
    return "\n".join(["| way | names | MiB at most |", "|---|--:|--:|", *lines])


def _table(comparison: dict[str, Any]) -> str:
    lines = []
    for row in comparison["rows"]:
        measured = f"{row['ratio']:,.1f} | {row['ms']:,.2f}" if "ms" in row else f"| {row['skipped']}"
        lines.append(f"| {row['way']} | {measured} |")
    return "\n".join([f"## {comparison['title']}\n", "| way | times as fast | ms |", "|---|--:|--:|", *lines])
