"""The site's contents for programs that read: https://llmstxt.org."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def llms_txt(config: Mapping[str, Any]) -> str:
    """Return the site's name and summary, and each page of its navigation with its link and description."""
    lines = [f"# {config['site_name']}", "", f"> {config['site_description']}"]
    for entry in config["nav"]:
        [(room, pages)] = entry.items()
        lines += ["", f"## {room}", ""]
        for title, path in _pages(room, pages):
            link = (config["site_url"] or "") + path.removesuffix("md") + "html"
            lines.append(f"- [{title}]({link}): {_description(Path(config['docs_dir'], path))}")
    return "\n".join(lines) + "\n"


def _pages(title: str, entry: Any) -> Iterator[tuple[str, str]]:
    """Yield the title and the path of each page of an entry of the navigation, which may be a page or a room in it."""
    if isinstance(entry, str):
        yield title, entry
    elif isinstance(entry, dict):
        for name, inner in entry.items():
            yield from _pages(name, inner)
    else:
        for inner in entry:
            yield from _pages(title, inner)


def _description(page: Path) -> str:
    found = re.search(r"^description: (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""
