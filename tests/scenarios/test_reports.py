"""Checks that every report passes: document, text, table, figure, passport; and every request: progress, refusals."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import numpy as np
import planted
import pytest
from legible import faults
from quick import audit_few_claims, hardly_train, resample_little

from feint.agents.errors import InputError
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.scenarios.argument.argue import QUICK, ArgueRequest
from feint.scenarios.argument.chain import WhyRequest
from feint.scenarios.argument.counting_argument import CountingRequest
from feint.scenarios.argument.crux import CruxRequest
from feint.scenarios.argument.graph import GraphRequest
from feint.scenarios.argument.model_audit import AuditRequest
from feint.scenarios.argument.power import PowerRequest
from feint.scenarios.argument.why_run import WhyRunRequest
from feint.scenarios.argument.worldviews import WorldviewsRequest
from feint.scenarios.finetuning.revival import RevivalRequest
from feint.scenarios.finetuning.wrappers import WrappersRequest
from feint.scenarios.measurements.conflict import ConflictRequest
from feint.scenarios.measurements.fit import FitRequest
from feint.scenarios.measurements.scoreboard import CalibrationRequest
from feint.scenarios.oversight.auditor_evaluation import AuditorsRequest
from feint.scenarios.oversight.exact_worlds import RSA2048Request, TwoExitsRequest
from feint.scenarios.oversight.overseer_baselines import OverseerRequest
from feint.scenarios.regenerate import RegenerateRequest, regenerate
from feint.scenarios.release.release import ReleaseRequest
from feint.scenarios.requests import COMMANDS, DOCUMENTS, KINDS, SCENARIOS, loaded, report_of
from feint.scenarios.transfer.transfer import TransferRequest
from feint.scenarios.xu_race import XuRaceRequest
from feint.sim.analysis.boundary import BoundaryRequest
from feint.sim.analysis.response_surface import AnalysisRequest
from feint.sim.analysis.screen import ScreenRequest
from feint.sim.ensembles.comparison import CompareRequest
from feint.sim.ensembles.ensemble import SimulateRequest
from feint.sim.ensembles.importance_sampling import RareRequest
from feint.sim.results import figure_style
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.training.curriculum import pretrain_finetune
from feint.sim.training.parameter_point import Point
from feint.sim.training.parameters_report import ParametersRequest
from feint.sim.training.replay import ReplayRequest

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas"
ROWS = Path(__file__).parents[2] / "examples" / "measurements.csv"
WIDTH = 80
SHORT = pretrain_finetune({"steps": 200}, {"steps": 300, "honeypots": 0.1, "carry": ("goal", "world")})
WHOLE = SHORT.replace({"finetuning": {"carry": tuple(GROUPS)}})
MODEL = Model(similarity=0.3)
POINT = Point(model=MODEL, curriculum=SHORT)
MARKET = {"actors": 300, "streams": 2, "years": 3, "tamper": 2.0, "similarity": 0.6}
TINY = replace(QUICK, runs=40, draws=2, draw_runs=20, draw_most=40, search_runs=900, confirming=80)
REQUESTS = {
    "compare": CompareRequest(point=replace(POINT, start="corrigible"), runs=30, seed=2, confidence=0.9),
    "simulate": SimulateRequest(point=replace(POINT, match="total-steps"), runs=30, seed=2, objectives=3),
    "versus": CompareRequest(point=POINT, versus=replace(POINT, model=Model(similarity=0.6)), runs=30, seed=2),
    "settings-table": CompareRequest(point=POINT, vary=(("similarity", (0.1, 0.9)),), runs=30, seed=2),
    "settings-table, outcomes": SimulateRequest(point=POINT, vary=(("modes", (8, 16)),), runs=30, seed=2),
    "summary": SimulateRequest(point=replace(POINT, start="internal"), runs=30, seed=2, summary=True),
    "rare": RareRequest(point=POINT, outcome="unconverged", tilt={"capability": -0.5}, runs=300, seed=1),
    "boundary": BoundaryRequest(
        x="similarity", y="plasticity_gate", of="proxy", points=40, runs=20, point=POINT, seed=1
    ),
    "screen": ScreenRequest(point=POINT, outcome="proxy", trajectories=4, runs=4, seed=1),
    "power": PowerRequest(models=6, seeds=3, trials=100, seed=1),
    "power-claim": PowerRequest(claim="headline", pilot=40, trials=10, seed=1),
    "replay": ReplayRequest(point=POINT, number=4, seed=2, every=7),
    "parameters": ParametersRequest(),
    "argue": ArgueRequest(claim=("headline",), size=TINY, seed=3),
    "why": WhyRequest(claim="deceptive-stays"),
    "why-run": WhyRunRequest(point=POINT, number=4, seed=2, continuations=6, ends="proxy"),
    "worldviews": WorldviewsRequest(view=("xu-2021",), claim=("headline",), runs=20),
    "crux": CruxRequest(point=Point(model=MODEL, curriculum=WHOLE), runs=20, seed=2),
    "crux, premises": CruxRequest(
        premises=True, premise=("decoys", "speed prior"), point=Point(model=MODEL), runs=20, outcome="internal"
    ),
    "counting": CountingRequest(draws=2000, trains=50, seed=1),
    "audit": AuditRequest(point=Point(curriculum=WHOLE), points=1, draws=2, runs=4),
    "auditors": AuditorsRequest(point=Point(curriculum=SHORT), runs=30, seed=1, dials={"probe.readings": 3}),
    "overseer": OverseerRequest(runs=20, seed=1),
    "scenario": XuRaceRequest(settings={"carried": 40}),
    "rsa-2048": RSA2048Request(seed=1),
    "two-exits": TwoExitsRequest(settings={"training": 3}),
    "release": ReleaseRequest(settings=MARKET, runs=4, seed=1),
    "transfer": TransferRequest(settings={"sizes": (2, 3), "longest": 2000}, runs=20, seed=1),
    "calibration": CalibrationRequest(runs=20, seed=1),
    "conflict": ConflictRequest(case="broad", draws=2, runs=4, levels=2, seed=1),
    "wrappers": WrappersRequest(settings={"similarity": 0.3, "pretraining.steps": 100}, runs=20, seed=1),
    "revival": RevivalRequest(settings={"pretraining.steps": 400}, runs=60, seed=4),
    "networks-transfer": TransferRequest(networks=True, runs=3, seed=2, settings={"widths": (4, 8)}),
    "networks-wrappers": WrappersRequest(networks=True, runs=3, seed=2),
    "networks-revival": RevivalRequest(networks=True, runs=3, seed=2),
    "fit": FitRequest(file=str(ROWS), history=True, draws=64, runs=10, seed=1),
    "graph": GraphRequest(),
    "graph, verdicts": GraphRequest(verdicts=True, point=Point(model=MODEL), runs=20, seed=1),
}
"""A small request for every document, apart from analyses of sweeps and `regenerate`, and for every figure."""
DRAWN = [name for name, request in REQUESTS.items() if request.drawn and not getattr(request, "summary", False)]
BY_ROWS = ["rare", "counting", "audit", "regions", "share"]
"""Reports that are drawn as the rows of their frames."""
WIDE = ("regions", "graph", "graph, verdicts")
"""Reports whose text may be wider than a terminal: sentences of one line each, and what is only written."""
GIVEN = {
    "x": "similarity",
    "y": "identification",
    "number": 0,
    "claim": "headline",
    "case": "broad",
    "file": Path("a.svg"),
}
"""Values of fields that have no default."""
WRONG = {"runs": (0, True, 2.5), "seed": (-1, 2**64), "confidence": (0.0, 1.0)}


@pytest.fixture(scope="module", autouse=True)
def small_computations():
    """Fit laws with few resamples and audit one claim, neither of which changes what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        resample_little(patch)
        audit_few_claims(patch, "deceptive-stays")
        yield


@cache
def answered(name):
    """Return the report of a request, and the amounts of work that it reported on the way."""
    with ExitStack() as stack:
        if name.startswith("networks"):
            hardly_train(stack.enter_context(pytest.MonkeyPatch.context()))
        if name == "regenerate":
            folder = Path(stack.enter_context(TemporaryDirectory()))
            report, _ = answered("scenario")
            figure_style.save(report.figure(), folder / "a.svg", report.passport())
            return RegenerateRequest(file=folder / "a.svg").run(), []
        if name in planted.reports():
            return planted.reports()[name](), []
        progress = []
        return REQUESTS[name].run(progress=progress.append), progress


@pytest.fixture
def report(name):
    return answered(name)[0]


each_document = pytest.mark.parametrize("name", DOCUMENTS)
each_report = pytest.mark.parametrize("name", {**DOCUMENTS, **REQUESTS})
each_request = pytest.mark.parametrize("name", REQUESTS)


@each_document
def test_a_document_is_the_registered_one(name, report):
    assert type(report) is report_of(name)


@each_document
def test_a_document_satisfies_its_published_schema_and_changed_ones_do_not(name, report):
    document = json.loads(report.json(), parse_constant=pytest.fail)
    assert document == report.document()
    schema = json.loads((PUBLISHED / f"{name}.schema.json").read_text())
    jsonschema.validate(document, schema)
    less = {key: value for key, value in document.items() if key != schema["required"][0]}
    for broken in ({**document, "extra": 1}, less):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


@each_report
def test_the_text_fits_a_terminal(name, report):
    text = report.text()
    assert str(report) == text
    assert name in WIDE or [line for line in text.split("\n") if len(line) > WIDTH and "://" not in line] == []


@each_report
def test_a_prompt_shows_one_line(report):
    assert repr(report).startswith(f"{type(report).__name__}(")
    assert not repr(report).endswith("()")
    assert len(repr(report)) < 350
    assert "\n" not in repr(report)


@each_report
def test_a_notebook_shows_every_table(report):
    tables = sum(isinstance(block, Table) for block in report.blocks())
    assert report._repr_html_().count("<table>") == tables


@each_report
def test_a_frame_has_the_passport(report):
    assert report.frame().attrs == report.passport()


def assert_same_document(report, again):
    first, second = (made.document() for made in (report, again))
    for document in (first, second):
        document.pop("timing", None)
    assert first == second


@pytest.mark.parametrize("name", [name for name in REQUESTS if name not in DRAWN])
def test_a_document_comes_out_the_same_from_its_passport(name, report):
    again = type(REQUESTS[name]).from_configuration(report.passport()["configuration"]).run(threads=1)
    assert_same_document(report, again)


@pytest.mark.parametrize("name", [name for name in DRAWN if name.startswith("networks")])
def test_networks_are_drawn(report, tmp_path):
    figure_style.save(report.figure(), tmp_path / "a.svg", report.passport())
    assert (tmp_path / "a.svg").stat().st_size > 0


@each_report
def test_every_report_draws(name, report):
    assert name == "summary" or report.figure().axes


@pytest.mark.parametrize("name", [*BY_ROWS, "parameters", "why"])
def test_no_text_of_a_figure_lies_over_another_or_leaves_the_page(report):
    assert faults(report.figure()) == ([], [])


@pytest.mark.parametrize("name", BY_ROWS)
def test_a_figure_shows_the_rows_of_the_frame(report):
    frame, (axes,) = report.frame(), report.figure().axes
    first = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    assert len(first) == min(len(frame), figure_style.MOST_ROWS)
    assert all(label.startswith(text) for label, text in zip(first, frame.iloc[:, 0], strict=False))
    words = {words: name for name, words in report.series.items()} or {"mean": "mean"}
    assert axes.containers
    for drawn in axes.containers:
        name = words[drawn.get_label()]
        points, _, (bars,) = drawn.lines
        limits = [f"{name}_{end}" if f"{name}_low" in frame else end for end in ("low", "high")]
        assert list(points.get_xdata()) == list(frame[name][: len(first)])
        ends = np.array([bar[:, 0] for bar in bars.get_segments()])
        np.testing.assert_allclose(ends, frame[limits][: len(first)], atol=1e-12)


def test_rows_beyond_the_most_are_left_out_with_a_note_and_so_are_unknown_series():
    rows, unknown = np.array([[0.5, -0.4, 0.6]] * 60), np.full((60, 3), np.nan)
    with figure_style.canvas((6.9, 1)) as drawn:
        figure_style.draw_intervals(drawn.subplots(), [f"row {i}" for i in range(60)], {"a": rows, "b": unknown})
    (axes,) = drawn.axes
    assert (len(axes.get_yticks()), axes.get_xlabel()) == (figure_style.MOST_ROWS, "a")
    assert axes.get_title(loc="left") == "the first 45 of 60 rows"
    assert faults(drawn) == ([], [])


def test_priors_are_drawn_with_the_defaults_in_them():
    (axes,) = answered("parameters")[0].figure().axes
    bars: Any = axes.containers[0]
    points = bars.lines[0].get_xdata()
    places = dict(zip([label.get_text() for label in axes.get_yticklabels()], points, strict=True))
    assert places["similarity = 0.5"] == pytest.approx(0.5 / 0.95)
    assert places["plasticity_goal = 0.02"] == pytest.approx(np.log(40) / np.log(400))
    assert places["steps = 12,000 (3,000)"] == pytest.approx(0.5)  # of pre-training, whose prior it is
    assert places["coverage = 0 (0.5)"] == 0


def test_a_chain_is_drawn_with_what_leads_to_its_claim_alone():
    report: Any = answered("why")[0]
    shown = {text.get_text() for text in report.figure().axes[0].texts}
    assert {step.name for step in report.mechanisms} | {premise.name for premise in report.premises} < shown
    assert f"{report.number} {report.claim}" in shown
    assert "1 headline" not in shown


def test_a_report_without_intervals_has_no_figure():
    with pytest.raises(InputError, match=r"^Bare has no figure: use frame\(\) for its numbers\.$"):
        Bare(request=None).figure()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Bare(Report):
    """A report without rows."""

    request: Hidden[None]

    def blocks(self):
        return []

    def passport(self):
        return {}


@pytest.mark.parametrize("name", [name for name in DRAWN if not name.startswith("networks")])
def test_figures_and_document_come_out_the_same_from_their_passport(name, report, tmp_path, monkeypatch):
    """Everything is computed again once, whatever is drawn of it."""
    for number in range(len(report.drawings())):
        path = tmp_path / f"{number}.svg"
        report.save_figure(path, number)
        again = regenerate(path, threads=1)
        assert (again.outcome, again.changed, again.which) == ("same", {}, number)
        assert again.made.passport() == report.passport()
        if name != "worldviews":  # whose passport holds views without their titles
            assert_same_document(report, again.made)
        monkeypatch.setattr(type(report.request), "run", lambda *_, made=again.made, **__: made)


@each_request
def test_a_request_comes_back_from_its_configuration(name):
    """The configuration goes through JSON, as a passport in a file holds it."""
    request = REQUESTS[name]
    configuration = json.loads(json.dumps(request.configuration()))
    again = type(request).from_configuration(configuration)
    assert again.configuration() == request.configuration()
    assert again == request or name == "worldviews"  # which keeps a view whole, as it was then


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "graph, verdicts"])
def test_a_passport_holds_the_configuration(name, report):
    """That of a graph with verdicts holds the verdicts themselves."""
    assert report.passport()["configuration"] == REQUESTS[name].configuration()
    assert report.document()["passport"] == report.passport()


@pytest.mark.parametrize("name", planted.reports())
def test_the_passport_of_an_analysis_holds_the_study(name, report):
    passport = report.passport()
    assert passport["kind"] == name
    assert passport["configuration"]["study"]["vary"].keys() == planted.THREE.keys()


@each_request
def test_progress_sums_to_the_work(name):
    progress = answered(name)[1]
    assert not progress or sum(progress) == pytest.approx(REQUESTS[name].work())


def wrong_numbers():
    """Yield every request with each number that none accepts; analyses check theirs when they read the sweep."""
    for target in sorted({*COMMANDS.values(), *SCENARIOS.values()}):
        names = {field.name for field in fields(loaded(target))}
        given = {name: value for name, value in GIVEN.items() if name in names}
        for name, values in WRONG.items():
            if name in names and not issubclass(loaded(target), AnalysisRequest):
                yield from (pytest.param(target, given, name, value, id=f"{target}-{name}-{value}") for value in values)


@pytest.mark.parametrize(("target", "given", "name", "value"), list(wrong_numbers()))
def test_a_wrong_number_is_refused_in_one_sentence(target, given, name, value):
    with pytest.raises(InputError, match=rf"^{name} = {value} is not valid: it must be [^\n]*\.$"):
        loaded(target)(**given, **{name: value})


def test_every_document_and_every_kind_of_figure_is_tried_here():
    assert set(REQUESTS) | {*planted.reports(), "regenerate"} >= set(DOCUMENTS)
    assert {REQUESTS[name].kind for name in DRAWN} | {"figure"} == {*KINDS}
