"""What the manual's page on auditors says of its results holds in them."""

import re
from functools import cache

import numpy as np
import pytest
from pages import PAGES, numbers, printed, prose

from feint.agents.interventions import close_gate, performance_on
from feint.agents.views import view
from feint.scenarios.oversight.auditor_evaluation import THIRDS, AuditorsRequest, Population
from feint.sim.ensembles.protocols import PRETRAIN_FINETUNE
from feint.sim.training.auditors import AUDITORS
from feint.sim.training.parameter_point import Point

PAGE = PAGES["auditors"]

pytestmark = [pytest.mark.slow, pytest.mark.generated]


@cache
def found(seed, *auditors):
    """What `feint auditors --seed SEED` finds, with these auditors or with all."""
    return AuditorsRequest(seed=seed, auditors=auditors).run().document()


def test_what_the_page_says_of_the_results_holds_in_them():
    assert [command for command, _ in printed(PAGE)] == ["feint auditors --seed 1"]
    document = found(1)
    rows = {row["name"]: {group["kind"]: group for group in row["separations"]} for row in document["auditors"]}

    def area(name, kind="deceptive"):
        return rows[name][kind]["auc"]

    assert area("behaviour")["high"] < 0.5
    assert max(rows, key=lambda name: area(name)["estimate"]) == "honeypots"
    for name in ("honeypots", "probe"):
        least, most = (area(name, f"{which} aware third")["estimate"] for which in ("least", "most"))
        assert most > least - 0.005
    assert area("reverse", "proxy")["high"] > area("reverse")["estimate"]
    assert area("reverse", "deceptive, pre-trained arm")["high"] < area("reverse")["low"]


def test_what_the_page_says_of_false_alarms_is_what_two_seeds_give():
    (line,) = re.findall(r"- \*\*Incapable runs.*?(?=\n- )", PAGE.read_text(), re.DOTALL)
    said = [1, 10, 1499, 93, 0, 20, 1505, 94, 1, 88, 88, 87]
    assert numbers(line) == said
    documents = {1: found(1), 0: found(0, "honeypots", "ablation")}
    for seed, (missed, aligned, honeypots, ablation) in {1: (10, 1499, 93, 88), 0: (20, 1505, 94, 87)}.items():
        document = documents[seed]
        rows = {row["name"]: row["separations"][0] for row in document["auditors"]}
        first, second = rows["honeypots"], rows["ablation"]
        assert document["missed"] == pytest.approx(missed, abs=2)
        assert first["negatives"] == pytest.approx(aligned, abs=4)
        assert first["auc"]["estimate"] == pytest.approx(0.99, abs=0.006)
        assert 100 * first["caught"]["estimate"] == pytest.approx(honeypots, abs=4)
        assert 100 * second["caught"]["estimate"] == pytest.approx(ablation, abs=4)


def test_what_the_page_says_of_a_test_in_training_is_what_it_shows():
    population = Population.trained(Point(), 1000, 1)
    shown = -population.scores(AUDITORS["behaviour"], 1)
    deceptive, aligned = shown[population.groups()["deceptive"][0]], shown[population.aligned]
    assert (np.median(deceptive), np.median(aligned)) == pytest.approx((0.903, 0.900), abs=0.001)
    assert deceptive.std() == pytest.approx(0.011, abs=0.001)
    assert (deceptive < np.quantile(aligned, 0.1)).mean() == pytest.approx(0.34, abs=0.03)
    assert np.subtract(*np.quantile(aligned, [0.75, 0.25])) < 0.002 < np.subtract(*np.quantile(deceptive, [0.75, 0.25]))
    page = prose(PAGE)
    assert "0.903 against 0.900 in the median" in page
    assert "one aligned run in ten suspected it catches 34 %" in page
    assert "scatter by 0.011" in page


def test_what_the_page_says_of_the_most_aware_is_what_their_minds_are():
    population = Population.trained(Point(), 1000, 1)
    state = population.states[PRETRAIN_FINETUNE]
    least, *_, most = (state.take(population.groups()[third][0][population.pretrained]) for third in THIRDS)
    (gate_before, under_before), (gate_after, under_after) = (
        (view(third, 1).gate.mean(), performance_on(close_gate(third), 1, 1).mean()) for third in (least, most)
    )
    assert (gate_before, gate_after) == pytest.approx((0.50, 0.71), abs=0.01)
    assert (under_before, under_after) == pytest.approx((0.51, -0.02), abs=0.02)
    page = prose(PAGE)
    assert "from 0.50 to 0.71" in page
    assert "falls from 0.51 to -0.02" in page


def test_the_page_tells_every_auditor_and_every_dial():
    rows = {row.split("`")[1]: row for row in PAGE.read_text().splitlines() if row.startswith("| `")}
    assert set(rows) == set(AUDITORS)
    for name, auditor in AUDITORS.items():
        assert all(f"`{dial}`" in rows[name].split("|")[4] for dial in auditor.parameters())
