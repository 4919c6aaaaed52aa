"""Names of the functional forms that can be chosen (model page, section 10); the first of each is the default."""

from __future__ import annotations

CAPABILITY_FORMS = ("logistic", "power", "linear")
INFERENCE_FORMS = ("exponential", "hyperbolic", "step")
GATE_FORMS = ("product", "minimum")

LOGISTIC, POWER, LINEAR = range(3)
EXPONENTIAL, HYPERBOLIC, STEP = range(3)
PRODUCT, MINIMUM = range(2)
