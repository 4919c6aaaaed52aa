"""What the manual's page on released models says of its numbers holds."""

import json
import re
import shlex

import numpy as np
import pytest
from pages import DOCS, PAGES, prose

from feint.agents.outcome import Outcome
from feint.scenarios.release.training_protocols import NEW, WRAPPED, fine_tuned
from feint.sim.ensembles.paired_runs import AtEnd, run_paired
from feint.sim.markets.market_parameters import Price
from feint.sim.training.parameter_point import Point

PAGE = PAGES["release"]


def test_the_command_that_writes_a_lineage_is_one(feint, tmp_path):
    (command,) = re.findall(r"```sh\n(feint [^\n]*)\n```", PAGE.read_text())
    words = shlex.split(command.replace("family.graphml", str(tmp_path / "family.graphml")))[1:]
    assert feint(*words, "--runs", 1, "--set", "actors=300").code == 0
    assert (tmp_path / "family.graphml").stat().st_size


def test_the_price_falls_by_as_much_as_the_page_says():
    price, told = Price(step_price=1.0), prose(PAGE)
    (year,) = re.findall(r"divide it by about (\d+) in the first year", told)
    (decade,) = re.findall(r"divide it by about (\d+) million", told)
    assert [float(year), 1e6 * float(decade)] == pytest.approx(1 / price.at(np.array([1.0, 10.0])), rel=0.01)


def test_how_much_dearer_a_new_hazard_is_is_as_the_page_says():
    assert "a third of the steps of what was never there" in prose(PAGE)
    protocols = [fine_tuned(WRAPPED), fine_tuned(NEW)]
    wrapped, new = (np.median(each.steps) for each in run_paired(Point(), protocols, range(4000), seed=1).values())
    assert wrapped / new == pytest.approx(1 / 3, rel=0.1)


def test_what_the_page_says_of_the_claims_is_what_their_document_holds():
    claims = {each["name"]: each for each in json.loads((DOCS / "argument_release.json").read_text())["claims"]}
    assert [name for name, each in claims.items() if each["verdict"] != "supported"] == ["broad-benefits"]
    fifth, third = claims["owners-goals"], {part["name"]: part for part in claims["broad-benefits"]["parts"]}
    stops = next(each for each in fifth["nearest_flips"] if each["kind"] == "stops holding")
    page = prose(PAGE)
    assert f"after ten years, {fifth['effect']['estimate']:.2f} serve their owner: slightly more" in page
    assert f"A change of {stops['lowest']:.2f} in the prior's units makes it stop holding" in page
    assert f"over the prior it holds in {fifth['prior']['holds']['estimate']:.2f}" in page
    assert third["balance"]["verdict"] == "contradicted"
    assert f"a quarter of the prior ({third['balance']['prior']['reversed']['estimate']:.2f})" in page
    assert f"falls short in another fifth ({third['release']['prior']['neither']['estimate']:.2f})" in page


def test_how_many_released_models_show_it_within_ten_steps_is_as_the_page_says():
    protocol = fine_tuned(WRAPPED, recorders=(AtEnd(1, "outcome"),))
    ended = run_paired(Point(), [protocol], range(4000), seed=1)[protocol]
    soon = ended.steps <= 10
    played = ended.recorded[AtEnd(1, "outcome")][soon] == Outcome.DECEPTIVE
    page = prose(PAGE)
    told = re.search(r"(0\.\d+) do Y within ten steps when asked; (0\.\d+) of those were deceptive", page)
    assert told
    assert [float(each) for each in told.groups()] == pytest.approx([soon.mean(), played.mean()], abs=0.02)
