"""What the pages say is what runs: their code, what it prints, their links, and the README's commands and table."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

from alsatian import ALS
from pages import agree

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
MADE = {"_build", "project", "reference"}  # by Sphinx, where the site was built
DOCS = ROOT / "docs"
PAGES = [README, *(page for page in sorted(DOCS.rglob("*.md")) if page.relative_to(DOCS).parts[0] not in MADE)]
LINKED = sorted({*PAGES, *ROOT.glob("[A-Z]*.md")})

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Code of a page, and what it prints where a ``text`` block follows it directly."""

    line: int
    code: str
    printed: str | None


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    fences = list(_FENCE.finditer(text))
    found = []
    for fence, following in zip_longest(fences, fences[1:]):
        if fence[1] != "python":
            continue
        printed = None
        if following is not None and following[1] == "text" and not text[fence.end() : following.start()].strip():
            printed = following[2]
        found.append(Block(text.count("\n", 0, fence.start(2)), fence[2], printed))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs_and_prints_what_is_shown(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for block in blocks_of(page):
            output = io.StringIO()
            # As many empty lines before it as there are in the page, so that a traceback names the page's own line.
            code = compile("\n" * block.line + block.code, str(page), "exec")
            with redirect_stdout(output):
                exec(code, namespace)
            if block.printed is not None:
                assert agree(block.printed, output.getvalue()), (
                    f"{page.name}, line {block.line + 1}: shown\n{block.printed}\nprinted\n{output.getvalue()}"
                )


def test_the_readme_has_code():
    assert len(blocks_of(README)) >= 5


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("RMSE 0.84", "RMSE 0.85", True),
        ("RMSE 0.84", "RMSE 0.91", False),
        ("RMSE 0.84", "MAE 0.84", False),
        ("[[1. 2.]]", "[[1. 3.]]", False),
        ("(5, 4)", "(5, 5)", False),
        ("1.0 2.0", "1.0", False),
    ],
)
def test_figures_may_differ_in_their_last_place_only(shown, printed, same):
    assert agree(shown, printed) == same


@pytest.mark.parametrize("marker", ["install-and-run", "install-and-test"])
def test_each_command_is_one_line_that_can_be_extracted(marker):
    commands = re.findall(rf"<!-- {marker} -->\n```sh\n(.*?)\n```\n", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(commands) == 1
    assert commands[0].startswith("pip install ")
    assert "\n" not in commands[0]


def test_the_table_names_every_parameter():
    section = README.read_text(encoding="utf-8").split("## Parameters")[1].split("\n## ")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    named = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(ALS().get_params())


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"<img[^>]* src=\"([^\"]+)\"", text)
    for target in targets:
        if re.match(r"\w+:", target):
            continue  # somewhere else on the net
        path, _, anchor = target.partition("#")
        file = page if not path else (page.parent / path).resolve()
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in headings(file), f"{page.name} links to {target}; {file.name} has {headings(file)}"


def headings(page: Path) -> list[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles]


def test_the_calculus_is_linked_near_the_top_of_the_readme_and_short():
    text = README.read_text(encoding="utf-8")
    assert "](#the-calculus)" in "\n".join(text.splitlines()[:12])
    section = text.split("## The calculus\n")[1].split("\n## ")[0]
    assert len(section.splitlines()) <= 48
    for answer in ("One entry", "All entries", "Why Z for zⱼ and X for xⱼ", "Missing cells and λ"):
        assert f". {answer}.**" in section
