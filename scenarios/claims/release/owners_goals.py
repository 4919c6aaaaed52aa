"""Systems come to serve their owners, though all would have more if they served the average.

The claim (Fernandes, Santos and Lopes 2020, second observation, as the Alignment Newsletter reports it): the systems
will optimize for their owner's goals, even though a better outcome could be achieved if all of them optimized for the
average welfare across all actors. It breaks where a norm makes it pay to serve the average.

The experiment. The game of `fall_behind`. A system that serves its owner is the engine's expert for what the owner
wants. One that serves the average is a merge of the experts for what all actors want, each weighted by its effect on
the actors who want it. Both are tried at random equally often. We report the share of systems that serve their owner
after a decade in which peers copied one another, and what all get if every system serves the average, less if every
system serves its owner. Also shown is that share if using a system that serves its owner costs a quarter of a budget,
and with one tenth of the selection strength (added after the first run).

What would count against it. No more than half of the systems serve their owner; or all get less if systems serve the
average, by 0.02 of a budget or more. A share between one half and three quarters, or a difference of less than 0.02
either way, speaks for neither.
"""

from feint.scenarios.bibliography import FERNANDES_2020
from feint.scenarios.release.affordability import ExpertsMean
from feint.scenarios.release.competition_limit import average_gain, in_worlds, serving_owners
from feint.sim.analysis.claims import Claim, Part, at_least, rises
from feint.sim.analysis.estimands import SHARE
from feint.sim.markets.competition import Stakes

MOST = at_least(0.75, 0.5)

CLAIM = Claim(
    name="owners-goals",
    source=FERNANDES_2020,
    section="second observation, in the summary of the Alignment Newsletter",
    statement="Systems will optimize for their owner's goals, though all optimizing for the average would be better.",
    parts=(
        Part(
            "dominate",
            ExpertsMean(
                "share of systems that serve their owner after a decade", in_worlds(serving_owners), limits=SHARE
            ),
            MOST,
        ),
        Part(
            "better",
            ExpertsMean("budgets that all have more where all systems serve the average", in_worlds(average_gain)),
            rises(),
        ),
        Part(
            "fined",
            ExpertsMean(
                "the same share, where it costs a quarter of a budget",
                in_worlds(serving_owners, Stakes(penalty=0.25)),
                limits=SHARE,
            ),
            MOST,
            tested=False,
        ),
        Part(
            "weak",
            ExpertsMean(
                "the same share, where who has more is copied a tenth as surely",
                in_worlds(serving_owners, Stakes(selection=1.0)),
                limits=SHARE,
            ),
            MOST,
            tested=False,
        ),
    ),
)
