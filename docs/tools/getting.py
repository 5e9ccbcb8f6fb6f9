"""How to get the project: the line that the home page shows, and where the clone comes from if that is known."""

import os
import re

from tools.keeping import ROOT

NAME = "bigramlab"  # of the folder, whatever the repository is called


def repository(edit_uri: str | None = None) -> str:
    """Return the address of the repository, which is what stands before `/edit/` where a page is edited; "" if unknown.

    It is only linked to: at a `repo_url` the theme would ask a code host about it.
    """
    address, edit, _ = (os.environ.get("EDIT_URI", "") if edit_uri is None else edit_uri).partition("/edit/")
    return address.removesuffix("/-") if edit else ""


def install(edit_uri: str | None = None) -> str:
    """Return, as Markdown, the line to type: README's, with the clone before it where a visitor needs one."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^python3 -m venv .* && mkdocs serve$", readme, re.MULTILINE)
    address = repository(edit_uri)
    clone = f"git clone {address} {NAME} && cd {NAME} && " if address else ""
    where = f"from [the repository]({address})" if address else "in the folder of the repository"
    return f"With Python 3.10 or newer, {where}:\n\n```sh\n{clone}{line}\n```"
