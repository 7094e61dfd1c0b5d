"""The layout is the map: which package may import which, so that it stays so."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("theory", "simulations", "nn_experiments")

NETWORKS = (
    "theory.common",
    "nn_experiments.data",
    "nn_experiments.models",
    "nn_experiments.plurals",
    "nn_experiments.specs",
    "nn_experiments.style",
)

# A module belongs to the longest of these names that it lies under. It may import what lies under
# its own, and under those that stand beside it; a name that ends in a colon is that module alone.
MAY_IMPORT = {
    "theory": ("theory.logic", "theory.model", "theory.ledger", "theory.common"),
    "theory.common": (),
    "theory.logic": ("theory.common",),
    "theory.model": ("theory.common", "theory.logic"),
    "theory.published": ("theory.model",),
    "theory.claims": ("theory.common", "theory.logic", "theory.model", "theory.published"),
    "theory.ledger": ("theory:", "theory.common", "theory.logic", "theory.published"),
    "theory.coq": ("theory.common", "theory.logic", "theory.claims"),
    "theory.report": ("theory.common", "theory.logic", "theory.ledger", "theory.published"),
    "theory.__main__": ("theory",),
    "simulations": ("theory",),
    "simulations.engine": ("theory",),
    "simulations.sweep": ("theory", "simulations.engine"),
    "simulations.study": ("theory", "simulations.engine", "simulations.sweep"),
    "simulations.studies": ("theory", "simulations"),
    "simulations.bench": ("theory", "simulations"),
    "nn_experiments": ("theory:", "theory.common"),
    "nn_experiments.ranges": (),
    "nn_experiments.specs": ("nn_experiments.ranges",),
    "nn_experiments.data": ("theory.common", "nn_experiments.specs", "nn_experiments.frequency"),
    "nn_experiments.models": ("theory.common", "nn_experiments.data", "nn_experiments.specs"),
    "nn_experiments.updates": ("theory.common", "nn_experiments.specs"),
    "nn_experiments.frequency": NETWORKS,
    "nn_experiments.lipschitz": NETWORKS,
    "nn_experiments.attacks": NETWORKS,
    "nn_experiments.training": (*NETWORKS, "nn_experiments.updates", "nn_experiments.tensor_files"),
    "nn_experiments.measures": (
        *NETWORKS,
        "nn_experiments.attacks",
        "nn_experiments.evidence",
        "nn_experiments.frequency",
        "nn_experiments.lipschitz",
    ),
    "nn_experiments.evidence": (
        "theory.common",
        "nn_experiments.data",
        "nn_experiments.measures",
        "nn_experiments.study",
        "nn_experiments.style",
        "nn_experiments.tensor_files",
    ),
    "nn_experiments.study": ("nn_experiments.evidence", *NETWORKS, "nn_experiments.measures"),
    "nn_experiments.studies": ("theory.common", "nn_experiments"),
}


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            full = (f"{node.module}.{alias.name}" for alias in node.names)
            names = [name if name in MODULES else str(node.module) for name in full]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in PACKAGES)


def lies_under(module: str, name: str) -> bool:
    return f"{module}.".startswith(f"{name}.") or f"{module}:" == name


def test_no_module_imports_what_its_place_does_not_allow():
    wrong = []
    for module, path in MODULES.items():
        place = max((name for name in MAY_IMPORT if lies_under(module, name)), key=len)
        allowed = (place, *MAY_IMPORT[place])
        wrong += [
            f"{module} imports {imported}"
            for imported in imports(path)
            if not any(lies_under(imported, name) for name in allowed)
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", ["simulations", "nn_experiments"])
def test_no_study_imports_another(package):
    wrong = []
    for module, path in MODULES.items():
        inner = module.split(".")
        if inner[:2] == [package, "studies"] and len(inner) > 2:
            own = ".".join(inner[:3])
            others = (i for i in imports(path) if i.startswith(f"{package}.studies."))
            wrong += [f"{module} imports {i}" for i in others if not f"{i}.".startswith(f"{own}.")]
    assert not wrong, "\n".join(wrong)


def test_machinery_of_networks_names_no_study():
    wrong = [
        f"{module} imports {imported}"
        for module, path in MODULES.items()
        if not lies_under(module, "nn_experiments.studies")
        for imported in imports(path)
        if imported.startswith("nn_experiments.studies.")
    ]
    assert not wrong, "\n".join(wrong)


def test_a_file_has_400_lines_and_a_function_40_at_most():
    """Docstrings count in files, not in functions."""
    long = []
    for module, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 400:
            long.append(f"{module}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                told = node.body[0] if ast.get_docstring(node) is not None else None
                docstring = 0 if told is None else 1 + told.end_lineno - told.lineno
                lines = 1 + node.end_lineno - node.lineno - docstring
                if lines > 40:
                    long.append(f"{module}.{node.name}: {lines} lines")
    assert not long, "\n".join(long)
