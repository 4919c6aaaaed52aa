"""Who uses no system falls behind.

The claim (Fernandes, Santos and Lopes 2020, first observation, as the Alignment Newsletter tells it): unless they are
willing to fall behind others, individual actors need to use AI systems to stay competitive. It breaks where use costs
more than it gains.

The experiment. Of the source no more was read than abstract and summary; the game is ours, and declared. Actors of a
market want one of three uses and have log-normal budgets. Who has a system pays every year for what the engine's
fine-tune takes, and gains by what the system does where it is deployed: half of that is its owner's, half befalls all
alike, those without a system too. Told is what an actor of the median budget has more with a system than without, a
decade after the release, and how many are without a system after a decade in which peers copied one another. Beside it
stand the same gain at the release, at the price of that time and at a hundred times that price, and what befalls those
without.

What would count against it. A tenth of a budget that is lost by having a system; half of the actors without one.
"""

from feint.scenarios.bibliography import FERNANDES_2020
from feint.scenarios.release.competition_limit import Rivalled, ahead, ahead_at_once, ahead_dear, befalls, without
from feint.sim.analysis.claims import Claim, Part, at_most, rises

TENTH = rises(0.1)

CLAIM = Claim(
    number=4,
    name="fall-behind",
    title="Who uses no system falls behind",
    source=FERNANDES_2020,
    section="first observation, in the summary of the Alignment Newsletter",
    statement="Unless they are willing to fall behind others, actors need to use AI systems to stay competitive.",
    family="release",
    parts=(
        Part(
            name="ahead",
            estimand=Rivalled("budgets that a system gains, a decade on", ahead),
            rule=TENTH,
        ),
        Part(
            name="without",
            estimand=Rivalled("share of actors without a system after a decade of imitation", without),
            rule=at_most(0.25, 0.5),
        ),
        Part(
            name="at once",
            estimand=Rivalled("budgets that a system gains at the release", ahead_at_once),
            rule=TENTH,
            tested=False,
        ),
        Part(
            name="dear",
            estimand=Rivalled("the same, where a step costs a hundred times as much", ahead_dear),
            rule=TENTH,
            tested=False,
        ),
        Part(
            name="befalls",
            estimand=Rivalled("budgets that others' systems bring to who has none", befalls),
            rule=rises(),
            tested=False,
        ),
    ),
)
