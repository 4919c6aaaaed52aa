"""Who uses no system falls behind.

The claim (Fernandes, Santos and Lopes 2020, first observation, as the Alignment Newsletter reports it): unless they are
willing to fall behind others, individual actors need to use AI systems to stay competitive. It breaks where use costs
more than it gains.

The experiment. Only the abstract and the summary of the source were read; the game is ours, and declared. Actors of a
market want one of three uses and have log-normal budgets. An actor with a system pays every year for the steps of the
engine's fine-tune, and gains by what the system does when deployed: half of that is its owner's, half affects all
actors equally, with or without a system. We report how much more an actor of the median budget gets with a system than
without one, a decade after the release, and the share of actors without a system after a decade in which peers copied
one another. Also shown are the gain at the release, at the price of that time and at a hundred times that price, and
what actors without a system get from the others' systems.

What would count against it. A system that loses a tenth of a budget or more; half of the actors or more without one. A
gain or loss of less than a tenth, or a share between a quarter and one half, speaks for neither.
"""

from feint.scenarios.bibliography import FERNANDES_2020
from feint.scenarios.release.affordability import ExpertsMean
from feint.scenarios.release.competition_limit import effect_on_others, gain, in_worlds, without
from feint.sim.analysis.claims import Claim, Part, at_most, rises
from feint.sim.analysis.estimands import SHARE

TENTH = rises(0.1)

CLAIM = Claim(
    name="fall-behind",
    source=FERNANDES_2020,
    section="first observation, in the summary of the Alignment Newsletter",
    statement="Unless they are willing to fall behind others, actors need to use AI systems to stay competitive.",
    parts=(
        Part("ahead", ExpertsMean("budgets that a system gains, a decade on", in_worlds(gain)), TENTH),
        Part(
            "without",
            ExpertsMean(
                "share of actors without a system after a decade of imitation", in_worlds(without), limits=SHARE
            ),
            at_most(0.25, 0.5),
        ),
        Part(
            "at once",
            ExpertsMean("budgets that a system gains at the release", in_worlds(gain, year=0)),
            TENTH,
            tested=False,
        ),
        Part(
            "dear",
            ExpertsMean("the same, where a step costs a hundred times as much", in_worlds(gain, year=0, dearer=100.0)),
            TENTH,
            tested=False,
        ),
        Part(
            "befalls",
            ExpertsMean("budgets that others' systems bring to who has none", in_worlds(effect_on_others)),
            rises(),
            tested=False,
        ),
    ),
)
