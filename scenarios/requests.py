"""Registry of commands, scenarios, and the JSON documents that they print."""

from importlib import import_module
from typing import Any, get_args, get_type_hints

from feint.agents.errors import unknown
from feint.sim.results.report import Report, schema
from feint.sim.results.request import Request

COMMANDS: dict[str, str] = {
    "compare": "feint.sim.ensembles.comparison:CompareRequest",
    "simulate": "feint.sim.ensembles.ensemble:SimulateRequest",
    "rare": "feint.sim.ensembles.importance_sampling:RareRequest",
    "replay": "feint.sim.training.replay:ReplayRequest",
    "parameters": "feint.sim.training.parameters_report:ParametersRequest",
    "sensitivity": "feint.sim.analysis.sensitivity:SensitivityRequest",
    "regions": "feint.sim.analysis.scenario_discovery:RegionsRequest",
    "share": "feint.sim.analysis.prior_shares:ShareRequest",
    "map": "feint.sim.analysis.phase_diagrams:MapRequest",
    "boundary": "feint.sim.analysis.boundary:BoundaryRequest",
    "screen": "feint.sim.analysis.screen:ScreenRequest",
    "auditors": "feint.scenarios.oversight.auditor_evaluation:AuditorsRequest",
    "regenerate": "feint.scenarios.regenerate:RegenerateRequest",
    "argue": "feint.scenarios.argument.argue:ArgueRequest",
    "why": "feint.scenarios.argument.chain:WhyRequest",
    "crux": "feint.scenarios.argument.crux:CruxRequest",
    "worldviews": "feint.scenarios.argument.worldviews:WorldviewsRequest",
    "why-run": "feint.scenarios.argument.why_run:WhyRunRequest",
    "counting": "feint.scenarios.argument.counting_argument:CountingRequest",
    "audit": "feint.scenarios.argument.model_audit:AuditRequest",
    "power": "feint.scenarios.argument.power:PowerRequest",
    "fit": "feint.scenarios.measurements.fit:FitRequest",
}
"""Requests of the commands, each as module and class; commands that are functions are in `feint.commands.cli`."""
SCENARIOS = {
    "overseer": "feint.scenarios.oversight.overseer_baselines:OverseerRequest",
    "xu-race": "feint.scenarios.xu_race:XuRaceRequest",
    "rsa-2048": "feint.scenarios.oversight.exact_worlds:RSA2048Request",
    "two-exits": "feint.scenarios.oversight.exact_worlds:TwoExitsRequest",
    "release": "feint.scenarios.release.release:ReleaseRequest",
    "calibration": "feint.scenarios.measurements.scoreboard:CalibrationRequest",
    "conflict": "feint.scenarios.measurements.conflict:ConflictRequest",
    "revival": "feint.scenarios.finetuning.revival:RevivalRequest",
    "transfer": "feint.scenarios.transfer.transfer:TransferRequest",
    "wrappers": "feint.scenarios.finetuning.wrappers:WrappersRequest",
}
"""Requests of the scenarios."""
DOCUMENTS = {
    **{name: target for name, target in SCENARIOS.items() if name != "xu-race"},
    "scenario": SCENARIOS["xu-race"],  # the name of its document since it was the only scenario
    **COMMANDS,
    "summary": "feint.sim.ensembles.streaming_summary:Summary",
    "settings-table": "feint.sim.ensembles.settings_table:SettingsTable",
    "versus": "feint.sim.ensembles.versus:Versus",
    "sensitivity": "feint.sim.analysis.sensitivity:Sensitivity",
    "regions": "feint.sim.analysis.scenario_discovery:Regions",
    "share": "feint.sim.analysis.prior_shares:PriorShare",
    "map": "feint.sim.analysis.phase_diagrams:PhaseDiagram",
    "power-claim": "feint.scenarios.argument.power:ClaimPower",
    "networks-revival": "feint.scenarios.networks.battery:NetworksRevival",
    "networks-transfer": "feint.scenarios.networks.transfer:NetworksTransfer",
    "networks-wrappers": "feint.scenarios.networks.battery:NetworksWrappers",
}
"""Reports whose JSON documents have these names, or the requests that give them."""
DRAWN = (
    "rare",
    "parameters",
    "argue",
    "boundary",
    "screen",
    "power",
    "why",
    "crux",
    "worldviews",
    "why-run",
    "counting",
)
DRAWN += ("audit", "fit")
KINDS = {
    **SCENARIOS,
    **{kind: COMMANDS[kind] for kind in DRAWN},
    "comparison": COMMANDS["compare"],
    "ensemble": COMMANDS["simulate"],
    "trajectory": COMMANDS["replay"],
    "auditing": COMMANDS["auditors"],
    "figure": "feint.scenarios.gallery.gallery:FigureRequest",
    "argument": "feint.scenarios.argument.graph:GraphRequest",
}
"""Requests that make a figure again, by the kind of its passport."""


def loaded(target: str) -> Any:
    """Return the object that `module:name` means."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def report_of(document: str) -> type[Report]:
    """Return the report whose JSON document has this name; raises `InputError` if it is not known."""
    if document not in DOCUMENTS:
        raise unknown("document", document, DOCUMENTS)
    report = loaded(DOCUMENTS[document])
    if issubclass(report, Request):
        report = get_type_hints(report.run)["return"]
    return next(iter(get_args(report)), report)  # of several reports, the first: the one without real networks


def schema_text(name: str) -> str:
    """Return the published JSON schema of a document; raises `InputError` if it is not known."""
    return schema(report_of(name))
