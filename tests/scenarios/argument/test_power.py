"""`feint power`: of a design, and of the test of a claim from a pilot; what it prints, and bad input."""

import numpy as np
import pytest
from planted import ended

from feint.agents.errors import InputError
from feint.agents.outcome import Outcome
from feint.scenarios.argument import power as of_claims
from feint.scenarios.argument.power import ClaimPower, PowerRequest
from feint.scenarios.claims.registry import claims
from feint.sim.analysis.claims import Verdict
from feint.sim.analysis.power import DesignPower


def of_claim(**facts):
    found = PowerRequest(claim="headline", seed=1, **facts).run()
    assert isinstance(found, ClaimPower)
    return found


@pytest.fixture
def plant(monkeypatch):
    """Put outcomes in place of a pilot: shares of the runs are deceptive after pre-training alone, and otherwise."""

    def planted(gained, lost):
        def pilot(_, protocols, runs, **__):
            place = np.arange(len(runs)) / len(runs)
            after = np.where(place < gained, Outcome.DECEPTIVE, Outcome.INTERNAL)
            alone = np.where((place >= gained) & (place < gained + lost), Outcome.DECEPTIVE, Outcome.INTERNAL)
            return {each: ended(after if each.arm == "pretrain_finetune" else alone) for each in protocols}

        monkeypatch.setattr(of_claims, "run_paired", pilot)

    return planted


def test_the_power_of_a_claim_on_a_difference_is_that_of_the_paired_design(plant):
    """With a frequency of 0.3 after pre-training and 0.1 from scratch, never in both."""
    plant(0.3, 0.1)
    found = of_claim(pilot=1000, trials=400)
    correlation = -0.03 / np.sqrt(0.1 * 0.9 * 0.3 * 0.7)
    same = PowerRequest(models=80, base=0.1, effect=0.2, correlation=correlation, trials=4000).run()
    assert isinstance(same, DesignPower)
    for one, other in zip(found.enough, same.enough, strict=True):
        assert one.at
        assert other.at
        assert one.at.models == pytest.approx(other.at.models, rel=0.15)
    assert (found.right, found.verdict) == (Verdict.SUPPORTED, Verdict.SUPPORTED)
    assert found.parts[0].effect.estimate == pytest.approx(0.2)
    assert "A pilot of 1,000 runs" in " ".join(found.text().split())


def test_of_a_small_effect_more_runs_than_the_pilots_are_needed(plant):
    plant(0.15, 0.08)
    found = of_claim(pilot=200, trials=100)
    assert found.verdict is Verdict.UNDECIDED
    assert found.right is Verdict.SUPPORTED
    assert found.here.models == 200
    assert found.enough[0].at is not None
    assert found.enough[0].at.models > 300


@pytest.mark.parametrize("name", ["relearning", "thin-wrapper", "falling-cost"])
def test_claims_of_every_family_have_a_power(name):
    known = {**claims(), **claims("fine-tuning"), **claims("release")}[name]
    found = PowerRequest(claim=name, pilot=20, trials=5).run()
    assert isinstance(found, ClaimPower)
    assert [part.name for part in found.parts] == [part.name for part in known.tested]


def test_the_command_prints_a_design(feint):
    words = ("power", "--models", 5, "--seeds", 8, "--base", 0.05, "--effect", 0.4, "--unpaired", "--trials", 200)
    said = feint(*words)
    assert (said.code, said.err) == (0, "")
    assert "Two arms of 5 models of 8 seeds each, not paired" in said.out
    assert "are worth 8.9 independent ones; however many seeds, no more than 10." in " ".join(said.out.split())
    document = feint(*words, "--json").document
    assert document["worth"] == pytest.approx(40 / 4.5)
    assert document["passport"]["configuration"]["unpaired"]
    assert sum(chance["estimate"] for chance in document["chances"].values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"claim": "headlin"}, "claim 'headlin' is not known: did you mean 'headline'?"),
        ({"claim": "headline", "models": 3}, "models = 3 is not allowed with claim = 'headline': there the pilot says"),
        ({"claim": "headline", "unpaired": True}, "unpaired = True is not allowed with claim = 'headline'"),
        ({"pilot": 30}, "pilot = 30 is for the pilot of a claim: name it with --claim."),
        ({"models": 0}, "models = 0 is not valid: it must be a whole number from 1 to 1,000,000."),
        ({"effect": 0.95}, "effect = 0.95 is not valid: it must be a number from -0.1 to 0.9."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(given, sentence):
    with pytest.raises(InputError) as error:
        PowerRequest(**given)
    assert str(error.value).startswith(sentence)
