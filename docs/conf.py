"""Sphinx configuration: MyST pages, numpydoc reference, the pydata theme.

    sphinx-build -W --keep-going docs docs/_build

The reference pages are made from `__all__` of the modules below, so that no public name can be forgotten.
"""

from __future__ import annotations

import inspect
import os
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from alsatian import __version__

project = "alsatian"
author = "The alsatian authors"
copyright = "2026, the alsatian authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc"]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

autosummary_generate = True
autodoc_typehints = "none"  # the Parameters sections say it in words
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "alsatian"
html_show_sourcelink = False
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "footer_start": ["copyright"]}

HERE = Path(__file__).parent
# module -> what its page is called
REFERENCE = {
    "alsatian": "Models and the recommender",
    "alsatian.models": "Around the models",
    "alsatian.data": "Interactions and ids",
    "alsatian.recommend": "What a recommender returns",
    "alsatian.evaluation": "Evaluating and tuning",
    "alsatian.evaluation.metrics": "Metrics",
    "alsatian.evaluation.splits": "Splits",
    "alsatian.objective": "Loss and gradient",
    "alsatian.derivation": "The derivation",
    "alsatian.datasets": "Data sets",
    "alsatian.compat": "Coming from elsewhere",
    "alsatian.callbacks": "Callbacks",
    "alsatian.plot": "Plots",
    "alsatian.report": "The report",
}


# Pages that live in the root of the repository, and what a link to them becomes on the site. The README is the first
# page of the repository as the index is that of the site.
FROM_ROOT = {"ARCHITECTURE.md": "architecture.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
_LINK = re.compile(r"\]\(((?:\.\./)*)((?:docs/)?[\w./-]+\.md)?(#[\w-]+)?\)")


def on_site(text: str, page: Path) -> str:
    """Turn links that lead between files of the repository into links between pages of the site.

    `page` is where the text stands in the repository, relative to its root.
    """

    def link(found: re.Match[str]) -> str:
        up, path, anchor = found[1], found[2], found[3] or ""
        if path is None:
            return found[0]
        target = Path(os.path.normpath(page.parent / up / path))
        if target == Path("README.md"):
            target, anchor = Path("docs/index.md"), ""
        elif str(target) in FROM_ROOT:
            target = Path("docs/project") / FROM_ROOT[str(target)]
        here = Path("docs/project") if str(page) in FROM_ROOT else page.parent
        return f"]({os.path.relpath(target, here)}{anchor})" if target.parts[0] == "docs" else found[0]

    return _LINK.sub(link, text)


def write_project_pages(app: Any, config: Any) -> None:
    """Bring the pages from the root of the repository to where Sphinx reads."""
    (HERE / "project").mkdir(exist_ok=True)
    for name, page in FROM_ROOT.items():
        text = (HERE.parent / name).read_text(encoding="utf-8")
        _write_if_new(HERE / "project" / page, on_site(text, Path(name)))
    listed = "\n".join(Path(page).stem for page in FROM_ROOT.values())
    _write_if_new(HERE / "project" / "index.md", f"# The project\n\n```{{toctree}}\n{listed}\n```\n")


def read_links(app: Any, name: str, source: list[str]) -> None:
    """Turn the links of a page as it is read; those of `project` are turned already."""
    if not name.startswith(("project/", "reference/")):
        source[0] = on_site(source[0], Path("docs") / f"{name}.md")


def write_reference(app: Any, config: Any) -> None:
    """Write the reference pages, one a module; autosummary makes a page for each name on them."""
    folder = HERE / "reference"
    folder.mkdir(exist_ok=True)
    shown: set[int] = set()
    pages = []
    for name, title in REFERENCE.items():
        module = import_module(name)
        names = [public for public in module.__all__ if not inspect.ismodule(getattr(module, public))]
        names = [public for public in names if id(getattr(module, public)) not in shown]
        shown |= {id(getattr(module, public)) for public in names}
        if not names:
            continue
        pages.append(name)
        _write_if_new(folder / f"{name}.rst", _page(name, title, module, names))
    listed = "\n".join(f"   {name}" for name in pages)
    _write_if_new(folder / "index.rst", f"Reference\n=========\n\n.. toctree::\n   :maxdepth: 1\n\n{listed}\n")


def _page(name: str, title: str, module: Any, names: list[str]) -> str:
    heading = f"{title}\n{'=' * len(title)}\n\n``{name}``: {inspect.getdoc(module)}\n\n.. currentmodule:: {name}\n"
    kinds = {
        "class": [n for n in names if inspect.isclass(getattr(module, n))],
        "base": [n for n in names if not inspect.isclass(getattr(module, n))],
    }
    for kind, members in kinds.items():
        if members:
            template = "   :template: class.rst\n" if kind == "class" else ""
            listed = "\n".join(f"   {member}" for member in members)
            heading += f"\n.. autosummary::\n   :toctree: generated\n{template}\n{listed}\n"
    return heading


def _write_if_new(path: Path, text: str) -> None:
    """Leave a file of the same text alone, so that Sphinx does not read it again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def skip_inherited(app: Any, what: str, name: str, member: Any, skip: bool, options: Any) -> bool:  # noqa: PLR0917
    """Leave out what comes from scikit-learn or the standard library: it is documented there."""
    module = getattr(member, "__module__", None) or ""
    foreign = not module.startswith("alsatian") and callable(member)
    return skip or foreign or name in ("get_metadata_routing", "set_output", "metadata_routing")


def escape_bars(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:  # noqa: PLR0917
    """Keep |w|² from being read as a substitution, outside of literal blocks and examples."""
    literal: int | None = None
    example = False
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            example = False
            continue
        if literal is not None and indent <= literal:
            literal = None
        example = example or line.lstrip().startswith(">>>")
        if literal is None and not example:
            parts = line.split("``")
            lines[i] = "``".join(part.replace("|", "\\|") if j % 2 == 0 else part for j, part in enumerate(parts))
            if line.rstrip().endswith("::"):
                literal = indent


def setup(app: Any) -> None:
    """Have the reference pages written before anything is read, and docstrings read as they are meant."""
    app.connect("config-inited", write_reference)
    app.connect("config-inited", write_project_pages)
    app.connect("source-read", read_links)
    app.connect("autodoc-skip-member", skip_inherited)
    app.connect("autodoc-process-docstring", escape_bars)
