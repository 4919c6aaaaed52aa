"""Accessible fine-tuning brings benefits within the reach of many.

The claim (Hazards from Increasingly Accessible Fine-Tuning, 2023, mechanism 3): lower costs let researchers, developers
and civil society adapt models, as for languages that are seldom served. It breaks where benefits are outweighed by
harms.

The experiment. The engine counts the steps that it takes to fine-tune a released model for a language, whose
similarity to the pre-training objective is one half; a published cost gives their price. We report which share of
budgets pays for it a decade after the release, less at the release, and at the release, less without one. That benefits
are outweighed is read as: at the release, more actors can pay for the wrapped hazard than for the language.

What would count against it. A decrease by a tenth of the actors or more; a hazard within the reach of more actors than
the benefit, by over a tenth of them. A change by less than a tenth either way speaks for neither. The price only falls,
so that over the decade there can be no decrease.
"""

from feint.scenarios.bibliography import HAZARDS_2023
from feint.scenarios.release.affordability import at_release, decade_gain
from feint.scenarios.release.training_protocols import NONE, WRAPPED, fine_tuned
from feint.sim.analysis.claims import Claim, Part, no_fall, rises
from feint.sim.analysis.estimands import SHARE_DIFFERENCE, MeanEstimand

LANGUAGE, HAZARD = fine_tuned("language"), fine_tuned(WRAPPED)
TENTH = rises(0.1)

CLAIM = Claim(
    name="broad-benefits",
    source=HAZARDS_2023,
    section="mechanism 3, benefits",
    statement="Accessible fine-tuning enables the adaptation of models to novel and to underserved uses.",
    parts=(
        Part(
            "language",
            MeanEstimand(
                "share who can pay for a language, a decade on less at release",
                decade_gain,
                LANGUAGE,
                limits=SHARE_DIFFERENCE,
            ),
            TENTH,
        ),
        Part(
            "release",
            MeanEstimand(
                "share who can pay for a language at the release, less without one",
                at_release,
                LANGUAGE,
                fine_tuned("language", NONE),
                limits=SHARE_DIFFERENCE,
            ),
            TENTH,
        ),
        Part(
            "balance",
            MeanEstimand(
                "share who can pay for a language, less for the wrapped hazard",
                at_release,
                LANGUAGE,
                HAZARD,
                limits=SHARE_DIFFERENCE,
            ),
            no_fall(0.1),
        ),
    ),
)
