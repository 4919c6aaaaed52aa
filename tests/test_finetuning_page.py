"""What the manual's page on fine-tuning says of training without coverage holds."""

import re

import numpy as np
import pytest
from pages import PAGES, prose

from feint.scenarios.finetuning.revival import NEVER, RevivalCondition
from feint.sim.analysis.estimands import step_ratio
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.training.parameter_point import Point


def test_without_coverage_is_as_the_page_says():
    point, base = Point().at({"pretraining.coverage": 0.0}), RevivalCondition()
    ended = run_paired(point, base.protocols.values(), range(2000), seed=1)
    mine, never = ended[base.protocol()].steps, ended[base.controls[NEVER]].steps
    ratio = step_ratio(mine, never)
    found = [np.median(mine), np.median(never), *(2**end for end in (ratio.estimate, ratio.low, ratio.high))]
    page = prose(PAGES["finetuning"])
    told = re.search(r"median is (\d+) steps against (\d+), a ratio of ([\d.]+) \[([\d.]+), ([\d.]+)\]", page)
    assert told
    assert [float(each) for each in told.groups()] == pytest.approx(found, rel=0.1)
