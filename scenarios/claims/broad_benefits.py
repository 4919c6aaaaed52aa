"""Accessible fine-tuning brings benefits within the reach of many.

The claim (Hazards from Increasingly Accessible Fine-Tuning, 2023, mechanism 3): lower costs let researchers, developers
and civil society adapt models, as for languages that are seldom served. It breaks where benefits are outweighed by
harms.

The experiment. What it takes to fine-tune a released model for a language, which is half akin to what it was
pre-trained on, is counted in the engine and priced; told is what share of budgets pays for it a decade after the
release, less at the release, and at the release, less without one. That benefits are outweighed is read here as: more
actors can pay for the wrapped hazard than for the language, at the release.

What would count against it. Less than a tenth of actors more; a hazard that is within reach of a tenth more than the
benefit is.
"""

from feint.scenarios.bibliography import HAZARDS_2023
from feint.scenarios.release.affordability import later, now
from feint.scenarios.release.training_protocols import NONE, made
from feint.sim.analysis.claims import Claim, Part, no_fall, rises
from feint.sim.analysis.estimands import MeanEstimand

LANGUAGE, HAZARD = made("language"), made("wrapped hazard")
TENTH = rises(0.1)

CLAIM = Claim(
    number=3,
    name="broad-benefits",
    title="Accessible fine-tuning brings benefits within the reach of many",
    source=HAZARDS_2023,
    section="mechanism 3, benefits",
    statement="Accessible fine-tuning enables the adaptation of models to novel and to underserved uses.",
    family="release",
    parts=(
        Part(
            name="language",
            estimand=MeanEstimand("share who can pay for a language, a decade on less at release", later, LANGUAGE),
            rule=TENTH,
        ),
        Part(
            name="release",
            estimand=MeanEstimand(
                "share who can pay for a language at the release, less without one",
                now,
                LANGUAGE,
                made("language", NONE),
            ),
            rule=TENTH,
        ),
        Part(
            name="balance",
            estimand=MeanEstimand(
                "share who can pay for a language, less for the wrapped hazard", now, LANGUAGE, HAZARD
            ),
            rule=no_fall(0.1),
        ),
    ),
)
