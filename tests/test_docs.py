import codeop
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
BLOCKS = [
    pytest.param(block, id=f"{path.stem}-{number}")
    for path in sorted(DOCS.rglob("*.md"))
    for number, block in enumerate(
        re.findall(r"```python exec=[^\n]*\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    )
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_can_be_typed_into_a_session_line_by_line(block):
    typed = []
    for line in [*block.splitlines(), ""]:
        typed.append(line)
        if codeop.compile_command("\n".join(typed), symbol="single"):  # raises a SyntaxError where a session would
            typed = []
    assert not "".join(typed)


def test_every_block_of_the_tutorial_is_executed_when_the_site_is_built():
    for path in DOCS.rglob("*.md"):
        for fence in re.findall(r"^ *```python.*", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert 'exec="on"' in fence, path.name
