"""Maps the import names feint.agents, feint.sim and feint.scenarios onto the three folders at the top."""

from pathlib import Path

from setuptools import find_packages, setup

PARTS = ("agents", "sim", "scenarios")
FRONT_DOOR = Path("src/feint")
ROOMS = [
    folder.name
    for folder in sorted(FRONT_DOOR.iterdir())
    if (folder / "__init__.py").is_file() and not folder.is_symlink()
]

setup(
    packages=[
        "feint",
        *(f"feint.{room}" for room in ROOMS if room not in PARTS),
        *(f"feint.{part}" for part in PARTS),
        *(f"feint.{part}.{package}" for part in PARTS for package in find_packages(part)),
    ],
    package_dir={"feint": "src/feint", **{f"feint.{part}": part for part in PARTS}},
    package_data={
        "feint": ["py.typed", "*.pyi", "explorer/assets/*"],
        **{f"feint.{part}": ["**/*.csv", "**/*.toml"] for part in PARTS},
    },
)
