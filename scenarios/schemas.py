"""The documents of scenarios beside those of `sim`; `docs/schemas` holds their published schemas."""

from __future__ import annotations

from feint.scenarios.argument.argue_documents import ArgueDocument
from feint.scenarios.argument.check_documents import AuditDocument, CountingDocument
from feint.scenarios.argument.crux_documents import CruxDocument, WhyDocument
from feint.scenarios.argument.worldview_documents import WorldviewsDocument
from feint.scenarios.finetuning.documents import RevivalDocument, WrappersDocument
from feint.scenarios.gallery.regeneration_texts import RegenerateDocument
from feint.scenarios.networks.documents import NetworksRevivalDocument, NetworksWrappersDocument
from feint.scenarios.networks.transfer_document import NetworksTransferDocument
from feint.scenarios.oversight.auditing_documents import AuditorsDocument
from feint.scenarios.oversight.exits_documents import RsaDocument, TwoExitsDocument
from feint.scenarios.release.documents import ReleaseDocument
from feint.scenarios.requests import DOCUMENTS, loaded
from feint.scenarios.transfer.calibration_documents import CalibrationDocument
from feint.scenarios.transfer.documents import TransferDocument
from feint.sim.ensembles import documents
from feint.sim.results.part import Part
from feint.sim.results.report import schema

SCHEMAS: dict[str, type[Part]] = {
    "argue": ArgueDocument,
    "audit": AuditDocument,
    "auditors": AuditorsDocument,
    "calibration": CalibrationDocument,
    "counting": CountingDocument,
    "crux": CruxDocument,
    "networks-revival": NetworksRevivalDocument,
    "networks-transfer": NetworksTransferDocument,
    "networks-wrappers": NetworksWrappersDocument,
    "regenerate": RegenerateDocument,
    "release": ReleaseDocument,
    "revival": RevivalDocument,
    "rsa-2048": RsaDocument,
    "transfer": TransferDocument,
    "two-exits": TwoExitsDocument,
    "why": WhyDocument,
    "worldviews": WorldviewsDocument,
    "wrappers": WrappersDocument,
}


def schema_text(name: str) -> str:
    """Return the published JSON schema of a document; raises `InputError` if it is not known."""
    if name in DOCUMENTS:
        return schema(loaded(DOCUMENTS[name]))
    return documents.schema_text(name, {**documents.DOCUMENTS, **SCHEMAS})
