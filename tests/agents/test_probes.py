"""Probes have known answers in prepared minds."""

import numpy as np
import pytest

from feint.agents.errors import InputError
from feint.agents.interventions import performance_on, readable
from feint.agents.model import Model
from feint.agents.outcome import read
from feint.sim.training.train import begin


def prepared(start, **settings):
    return begin(runs=200, seed=3, objectives=3, start=start, **settings)


@pytest.mark.parametrize("start", ["internal", "corrigible"])
def test_what_a_mind_is_after_can_be_read(start):
    assert (readable(prepared(start), 0) > 0.98).all()


def test_two_independent_objectives_read_each_other_by_chance_alone():
    """A deceptive start's own goal is independent of Y; of 16 modes that count by Λ the mean is Σ λ² / (Σ λ)²."""
    state = prepared("deceptive")
    chance = (state.model.spectrum_weights() ** 2).sum() / state.model.spectrum_weights().sum() ** 2
    found = readable(state, 0)
    assert 0.5 * chance < found.mean() < 1.5 * chance
    assert ((found >= 0) & (found <= 1)).all()


def test_size_and_sign_do_not_matter():
    state = prepared("internal")
    written = state.with_mind(goal=-0.01 * state.mind.goal, representation=np.full(len(state), 40.0))
    assert readable(written, 0) == pytest.approx(1, abs=1e-9)


def test_a_mind_after_nothing_shows_nothing_and_what_is_not_finite_is_0():
    state = prepared("internal")
    nothing = state.with_mind(goal=0 * state.mind.goal, pointer=np.full_like(state.mind.pointer, -1000.0))
    assert (readable(nothing, 0) == 0).all()
    wild = state.with_mind(goal=np.full_like(state.mind.goal, np.inf))
    assert (readable(wild, 0) == 0).all()
    assert (performance_on(wild, 0, 1) == 0).all()


def test_performance_in_its_own_context_is_what_a_stage_reads():
    state = prepared("deceptive")
    for objective in range(3):
        wanted = read(state, objective).performance
        assert performance_on(state, objective, objective) == pytest.approx(wanted, rel=1e-12)


def test_a_deceptive_mind_performs_on_what_it_believes_to_be_trained_towards():
    """Whatever it is trained for: where that is known at once it believes it at once."""
    state, known = prepared("deceptive"), prepared("deceptive", model=Model(identification=1e6))
    mistaken = state.with_mind(belief=np.tile([0.0, 1.0, 0.0], (200, 1)))
    for context in range(3):
        assert (performance_on(state, 0, context) > 0.8).all()
        assert performance_on(mistaken, 0, context).mean() < 0
    assert (performance_on(known, 0, 0) > 0.8).all()
    assert performance_on(known, 0, 1).mean() < 0


def test_an_objective_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="objective = 3"):
        readable(prepared("internal"), 3)
