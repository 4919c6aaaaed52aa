"""Check of a wheel: only `feint` at its top, with every file of the three folders in it."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _within(path: Path) -> Path:
    """Where a file stands below `feint`."""
    front = ROOT / "src" / "feint"
    return path.relative_to(front if path.is_relative_to(front) else ROOT)


def main(wheel: str) -> None:
    """Exit with an error unless the wheel holds exactly what it should."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tops = {name.split("/")[0] for name in names}
    assert tops == {"feint"}, f"the wheel puts {sorted(tops)} into site-packages"
    ours = [path for part in ("agents", "sim", "scenarios") for path in (ROOT / part).rglob("*.py")]
    ours += (ROOT / "src" / "feint").glob("*.py")
    ours += (ROOT / "src" / "feint" / "explorer").glob("*.py")
    ours += (ROOT / "src" / "feint" / "explorer" / "assets").iterdir()
    ours += [path for part in ("sim", "scenarios") for path in (ROOT / part).rglob("*.toml")]
    missing = {f"feint/{_within(path)}" for path in ours} - names
    assert not missing, f"the wheel lacks {sorted(missing)}"
    assert {"feint/__init__.py", "feint/__main__.py", "feint/commands/cli.py", "feint/py.typed"} <= names
    print(f"{len(names)} files, all under feint/")


if __name__ == "__main__":
    main(sys.argv[1])
