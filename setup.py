"""Maps the import names feint.agents, feint.sim and feint.scenarios onto the three folders at the top."""

from setuptools import find_packages, setup

PARTS = ("agents", "sim", "scenarios")

setup(
    packages=[
        "feint",
        *(f"feint.{part}" for part in PARTS),
        *(f"feint.{part}.{package}" for part in PARTS for package in find_packages(part)),
    ],
    package_dir={"feint": "src/feint", **{f"feint.{part}": part for part in PARTS}},
    package_data={"feint": ["py.typed"], "feint.scenarios": ["views/*.toml"]},
)
