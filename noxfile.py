"""Tasks: `nox` runs what CI runs, `nox -s NAME` one of them, in the environment that nox is installed in."""

import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests", "interpreted", "docs"]

PYTHON = sys.executable
LOWEST = ("analysis", "cluster", "tables")  # extras of the session of this name
QUICK = ("tests/agents", "tests/sim/results", "tests/sim/sweeps", "tests/sim/training", "tests/test_fuzz.py")
QUICK += ("tests/test_cli.py", "tests/test_cli_mistakes.py", "tests/test_cli_sweep.py")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    session.run(PYTHON, "-m", "ruff", "check", ".")
    session.run(PYTHON, "-m", "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Static types."""
    session.run(PYTHON, "-m", "pyright", "--pythonpath", PYTHON)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests, or those given after `--`, by two workers: more would each compile the same kernels again.

    Kernels that both need at once are compiled before. `tests/conftest.py` says which tests stay on one worker.
    """
    for precision in ("single", "double"):
        session.run(PYTHON, "-m", "feint", "compare", "--runs", "16", "--precision", precision, silent=True)
    workers = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")
    session.run(PYTHON, "-m", "pytest", *workers, *session.posargs)


@nox.session
def whole(session: nox.Session) -> None:
    """The long commands of the manual at their full size, of which `tests` runs parts."""
    session.run(PYTHON, "-m", "pytest", "-m", "whole", *session.posargs)


@nox.session
def interpreted(session: nox.Session) -> None:
    """A small subset with compilation off: the same lines of the kernels, run by Python itself."""
    session.run(PYTHON, "-m", "pytest", "-m", "interpreted", env={"NUMBA_DISABLE_JIT": "1"})


@nox.session(venv_backend="venv")
def lowest(session: nox.Session) -> None:
    """The quick tests, or what is given after `--`, in an environment of its own with the lowest declared versions.

    Old libraries meet deprecations of newer ones that they bring, so that these are no errors here.
    """
    project = nox.project.load_toml("pyproject.toml")["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *(library for name in LOWEST for library in extras[name])]
    tools = [tool for tool in extras["test"] if not tool.startswith(("feint", "nox", "playwright"))]
    session.install(*(library.replace(">=", "==") for library in declared), *tools)
    chosen = session.posargs or ("-m", "not slow and not generated and not whole", *QUICK)
    options = ("-q", "-W", "ignore::DeprecationWarning", *chosen)
    session.run("python", "-m", "pytest", *options, env={"PYTHONPATH": "src"})


@nox.session
def docs(session: nox.Session) -> None:
    """The manual, without a warning, and without a link in it that leads nowhere."""
    session.run(PYTHON, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")
    session.run(PYTHON, "tests/check_manual.py", "docs/_build/html")


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmark suite, then the manual's tables and figures of it; after `--base REF` this tree against a commit.

    With `--quick` less is measured. With any other option, as `-k kernel`, the manual is left as it is.
    """
    if session.posargs[:1] == ["--base"]:
        session.run(PYTHON, "-m", "benchmarks.against", *session.posargs[1:], env={"PYTHONPATH": "tests"})
        return
    whole = not set(session.posargs) - {"--quick"}
    results = Path(".benchmarks", "speed.json" if whole else "part.json")
    results.parent.mkdir(exist_ok=True)
    written = f"--benchmark-json={results}"
    session.run(PYTHON, "-m", "pytest", "tests/benchmarks", "--benchmark-only", written, *session.posargs)
    if whole:
        session.run(PYTHON, "-m", "benchmarks.report", str(results), env={"PYTHONPATH": "tests"})


@nox.session
def precision(session: nox.Session) -> None:
    """Single precision against double, 50,000 runs per setting: the table of the manual; `-- --runs N` for others."""
    session.run(PYTHON, "tests/studies/precision.py", *session.posargs)


@nox.session
def noise(session: nox.Session) -> None:
    """Noise of three values in place of normal noise: the table of the manual; `-- --most N` for fewer runs."""
    session.run(PYTHON, "tests/studies/noise.py", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def golden(session: nox.Session) -> None:
    """Rewrite what is generated and committed: golden numbers, recordings, schemas, tables, figures, notebooks."""
    session.run(PYTHON, "-m", "pytest", "-q", "-m", "generated", "--rewrite")


@nox.session
def argument(session: nox.Session) -> None:
    """The argument put to the test in full, as the manual's tables; `-- --quick` prints them from fewer runs."""
    session.run(PYTHON, "tests/studies/argument.py", *session.posargs)
