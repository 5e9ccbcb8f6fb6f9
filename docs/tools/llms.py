"""The site's contents for programs that read: https://llmstxt.org."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def llms_txt(config: Mapping[str, Any]) -> str:
    """Return the site's name and summary, and each page of its navigation with its link and description."""
    lines = [f"# {config['site_name']}", "", f"> {config['site_description']}"]
    for entry in config["nav"]:
        [(room, pages)] = entry.items()
        lines += ["", f"## {room}", ""]
        for page in pages if isinstance(pages, list) else [entry]:
            [(title, path)] = page.items() if isinstance(page, dict) else [(room, page)]
            link = (config["site_url"] or "") + path.removesuffix("md") + "html"
            lines.append(f"- [{title}]({link}): {_description(Path(config['docs_dir'], path))}")
    return "\n".join(lines) + "\n"


def _description(page: Path) -> str:
    found = re.search(r"^description: (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""
