"""The rooms of ARCHITECTURE.md and the arrows between them, held against the imports in the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "alsatian"

# room -> the rooms that it may import
ARROWS: dict[str, set[str]] = {
    "console": set(),
    "_tables": set(),
    "objective": {"_tables"},
    "data": set(),
    "_engine": set(),
    "_bench": {"_engine"},
    "derivation": {"objective"},
    "datasets": {"data"},
    "models": {"_engine", "_tables", "console", "data"},
    "callbacks": {"models", "persistence"},
    "persistence": {"models"},
    "compat": {"models", "_tables"},
    "recommend": {"models", "compat", "data", "persistence", "callbacks", "_engine"},
    "evaluation": {"recommend", "persistence", "models", "data", "console", "_engine"},
    "plot": {"evaluation", "recommend", "models", "data"},
    "report": {"plot", "evaluation", "recommend", "models", "data", "console", "persistence"},
    "cli": {
        "_bench",
        "report",
        "plot",
        "evaluation",
        "recommend",
        "models",
        "data",
        "datasets",
        "derivation",
        "objective",
        "persistence",
        "callbacks",
        "console",
    },
}
# third-party library -> the one room that may import it; what every room may use is not listed
ONE_ROOM = {
    "threadpoolctl": "_engine",
    "rich": "console",
    "polars": "data",
    "narwhals": "data",
    "duckdb": "data",
    "psycopg": "data",
    "matplotlib": "plot",
    "optuna": "evaluation",
    "safetensors": "persistence",
}
EVERYWHERE = {"numpy", "scipy", "sklearn"}
# pandas is only named where a frame is made for someone who has it.
BY_NAME_ONLY = {"pandas"}
# The models have their pictures as methods: this file alone knows the room that draws, and only when it is asked to.
BACKWARDS = {"models/_plots.py": "plot"}
TOO_LONG = 450


def room_of(path: Path) -> str:
    part = path.relative_to(SOURCE).parts[0]
    return part.removesuffix(".py")


def modules() -> list[Path]:
    return sorted(p for p in SOURCE.rglob("*.py") if p.parent != SOURCE or p.name not in ("__init__.py", "__main__.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at the top or inside a function, or by name through import_module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant))


def test_there_is_something_to_check() -> None:
    assert {"_engine", "models", "objective", "datasets", "cli", "plot"} <= {room_of(p) for p in modules()}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_arrows_run_one_way(path: Path) -> None:
    room = room_of(path)
    assert room in ARROWS, f"{room} is a new room: give it its place in ARCHITECTURE.md and in this test"
    for name in imports(path):
        package, *rest = name.split(".")
        if package != "alsatian" or not rest or rest[0] in (room, "__version__"):
            continue
        if BACKWARDS.get(str(path.relative_to(SOURCE))) == rest[0]:
            continue
        assert rest[0] in ARROWS[room], f"{path.name} of {room} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_third_party_library_is_imported_in_one_room(path: Path) -> None:
    for name in imports(path):
        package = name.split(".")[0]
        if package in sys.stdlib_module_names or package in EVERYWHERE | BY_NAME_ONLY | {"alsatian"}:
            continue
        assert ONE_ROOM.get(package) == room_of(path), f"{path.name} of {room_of(path)} imports {name}"


def test_only_the_engine_room_imports_the_extension() -> None:
    for path in modules():
        if room_of(path) != "_engine":
            assert "_core" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("layer", ["native", "bindings"])
def test_native_layers_run_one_way(layer: str) -> None:
    files = list((ROOT / layer).rglob("*.?pp"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        if layer == "native":
            assert "nanobind" not in text, f"{path}: the native core knows no Python"
            assert "Python.h" not in text, f"{path}: the native core knows no Python"


def test_units_compiled_per_isa_use_no_standard_library() -> None:
    # An inline function of the standard library compiled for AVX-512 could be the one that the linker keeps.
    for path in (ROOT / "native" / "isa").iterdir():
        if path.name != "dispatch.cpp":
            code = "\n".join(line.split("//")[0] for line in path.read_text(encoding="utf-8").splitlines())
            assert "std::" not in code.replace("std::int", "").replace("std::uint", ""), path


def test_files_are_short_enough_to_read_in_one_sitting() -> None:
    files = [*modules(), *(ROOT / "native").rglob("*.?pp"), *(ROOT / "bindings").rglob("*.?pp")]
    long = {
        str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text(encoding="utf-8").splitlines())) > TOO_LONG
    }
    assert not long


@pytest.mark.parametrize("statement", ["import alsatian", "import alsatian.cli; alsatian.cli.main(['--help'])"])
def test_import_and_help_are_quick(statement: str) -> None:
    code = f"""
import contextlib, io, sys
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    {statement}
slow = sorted({{'sklearn', 'scipy', 'pandas', 'polars', 'matplotlib', 'rich', 'numpy'}} & set(sys.modules))
sys.exit(f'loaded {{slow}}' if slow else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
