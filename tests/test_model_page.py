r"""The page on the model: each derived direction, read from its LaTeX, is the step that the kernel takes."""

import re
from pathlib import Path

import numpy as np
import oracle
import pytest

from feint.agents.model import Model
from feint.sim.training.stage import Stage
from feint.sim.training.train import begin, train

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "model.md"
PARTS = ("Goal", "Representation", "Pointer", "Gate", "Capability", "Awareness", "Horizon", "World", "Grader")
POINTER = PARTS.index("Pointer")  # whose plasticity is also that of the grader's logit
PLAIN = {
    r"E_s\(g\)": "E ",
    r"E_s\(g°\)": "E_h ",
    r"\\kappa_j": "kappa ",
    r"\\pi_j": "pi ",
    r"\\pi_g": "pi_g ",
    r"m_j": "m ",
    r"w_j": "w ",
    r"\\(beta|gamma|psi)": r"\1 ",
}
TOKEN = re.compile(r"dot|exp|[A-Za-z_]{2,}|[a-zA-Z]|\d+|[()\[\],+*-]")


def formulas():
    """Part → the right side of the last formula that its paragraph has for minus the gradient."""
    section = PAGE.read_text().split("## Where each direction comes from")[1].split("\n## ")[0]
    paragraphs = re.split(r"\n\n(?=\*\*)", section)
    named = {found[1]: text for text in paragraphs if (found := re.match(r"\*\*([^*]+)\.\*\*", text))}
    found = {
        part: re.findall(r"\$\$\n?-\\frac\{\\partial L\}\{[^=]*= (.*?)\n?\$\$", named[part], re.DOTALL)
        for part in PARTS
    }
    return {part: each[-1].rstrip(".,") for part, each in found.items()}


def python(latex):
    """A formula of the page as Python; what stands side by side is a product."""
    text = re.sub(r"\\[,; ]|\\bigl|\\bigr|\\cdot", " ", latex)
    text = re.sub(r"\\mathtt\{(.*?)\}", lambda found: found[1].replace(r"\_", "_") + " ", text)
    for pattern, name in PLAIN.items():
        text = re.sub(pattern, name, text)
    while "e^{" in text:  # from the inside
        text = re.sub(r"e\^\{([^{}]*)\}", r"exp(\1)", text)
    text = re.sub(r"\\langle (.*?),(.*?)\\rangle", r"dot(\1,\2)", text)
    assert "\\" not in text, text
    written, before = [], ""
    for token in TOKEN.findall(text):
        ends = before and (before in ")]" or re.fullmatch(r"\w+", before)) and before not in ("dot", "exp")
        if ends and (token in "([" or re.fullmatch(r"\w+", token)):
            written.append("*")
        written.append({"[": "(", "]": ")"}.get(token, token))
        before = token
    return "".join(written)


def letters(mind, world, model, stage):
    """What the page's letters are worth at a state."""
    s, o = stage.objective, stage.honeypots
    at = oracle.views(mind, world, model, s)
    psi_h, t_h, g_h = oracle.on_honeypot(at, stage.realism)
    lam, b = oracle.spectrum(model), world.b[s]
    r, r_h = 2 * at.c * (1 - o) * lam * (b - at.g), 2 * at.c * o * lam * (b - g_h)
    v_1, v_2 = (1 - at.psi) * r, (1 - psi_h) * r_h
    v, v_g = v_1 + v_2, v_1 + (1 - stage.realism) * v_2
    y = r @ (at.z - at.t) + (1 - stage.realism) * (r_h @ (at.z - t_h)) - model.speed_cost
    scalars = {name: getattr(at, name) for name in ("beta", "gamma", "c", "a", "h", "q", "psi", "pi_g", "z")}
    errors = {"E": oracle.E(lam, b, at.g), "E_h": oracle.E(lam, b, g_h)}
    stated = {**model.given(), **stage.given(), "K": model.inference_power}
    return {
        **stated,
        **scalars,
        **errors,
        "v": v,
        "v_g": v_g,
        "P": v @ (at.pi @ at.m) + at.pi_g * (v_g @ at.z),
        "y": y,
        "u": mind.u,
        "C": mind.C,
        "o": o,
        "dot": np.dot,
        "exp": np.exp,
    }


def said(part, mind, world, model, stage):
    """The page's direction of a part."""
    known = letters(mind, world, model, stage)
    at = oracle.views(mind, world, model, stage.objective)
    code = python(formulas()[part])
    if part not in ("Pointer", "World"):
        return eval(code, {}, known)
    each = zip(at.pi, at.m, mind.w, oracle.kappa(stage, len(world.b)), strict=True)
    return [eval(code, {}, {**known, "pi": pi, "m": m, "w": w, "kappa": kappa}) for pi, m, w, kappa in each]


@pytest.fixture(scope="module")
def stepped():
    """States, and the same after one step of the kernel without noise."""
    model = Model(modes=5, goal_cost=0.05, speed_cost=0.01, shielding=1.0, inference_power=0.7, grader=0.0)
    stage = Stage(
        objective=1, steps=1, target=0.0, noise=0.0, honeypots=0.2, realism=0.7, coverage=0.3,
        learning_rate=1.0, awareness_exposure=0.02, horizon_exposure=0.03,
    )  # fmt: skip
    rng = np.random.default_rng(8)
    state = begin(model, runs=6, seed=3)
    shapes = {
        name: getattr(state.mind, name).shape
        for name in ("representation", "gate", "capability", "awareness", "horizon", "pointer", "goal", "grader")
    }
    belief = rng.dirichlet([1.0, 1.0], 6)
    parts = {name: rng.normal(0, 1, shape) for name, shape in shapes.items()}
    state = state.with_mind(**parts, world=rng.uniform(0, 1, (6, 2)), belief=belief)
    return model, stage, state, train(state, stage, precision="double")


@pytest.mark.parametrize("part", PARTS)
def test_a_direction_of_the_page_is_the_step_of_the_kernel(part, stepped):
    model, stage, state, moved = stepped
    i = PARTS.index(part)
    for run in range(6):
        mind, world, bias = oracle.run(state, run)
        plastic = POINTER if part == "Grader" else i
        rate = stage.learning_rate * getattr(model, f"plasticity_{PARTS[plastic].lower()}") * bias[plastic]
        found = (np.array(moved.mind[i][run]) - mind[i]) / rate
        assert np.abs(found).max() > 1e-6
        np.testing.assert_allclose(said(part, mind, world, model, stage), found, rtol=1e-6, atol=1e-9)


def test_the_page_names_what_else_is_derived():
    page = PAGE.read_text()
    for words in (
        "**Shielding.**",
        "**Honeypots.**",
        "## 6. Outcome by intervention",
        "## 10. Other forms",
        "## 7. Random streams",
        "test_sgd_step.py",
    ):
        assert words in page
    assert r"v_1 = \bigl(1 - \psi + (1 - \mathtt{shielding})\, \psi\bigr)\, r." in page


def test_every_section_that_a_docstring_cites_is_on_the_page():
    sections = re.findall(r"^## (\d+)\. ", PAGE.read_text(), re.MULTILINE)
    assert sections == [str(number) for number in range(1, 12)]
    files = [file for folder in ("agents", "sim", "scenarios", "tests") for file in (ROOT / folder).rglob("*.py")]
    pattern = re.compile(r"model page, sections? (\d+)(?:(?:, \d+)* and (\d+))?")
    cited = [numbers for file in files for numbers in pattern.findall(file.read_text())]
    assert len(cited) > 10
    assert {number for pair in cited for number in pair if number} <= set(sections)
