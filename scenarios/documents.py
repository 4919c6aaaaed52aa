"""The documents of scenarios beside those of `sim`; `docs/schemas` holds their published schemas."""

from __future__ import annotations

from feint.scenarios.argue_documents import ArgueDocument
from feint.scenarios.auditing_documents import AuditorsDocument
from feint.scenarios.calibration_documents import CalibrationDocument
from feint.scenarios.check_documents import AuditDocument, CountingDocument
from feint.scenarios.crux_documents import CruxDocument, WhyDocument
from feint.scenarios.exits_documents import RsaDocument, TwoExitsDocument
from feint.scenarios.finetuning_documents import RevivalDocument, WrappersDocument
from feint.scenarios.networks_documents import NetworksRevivalDocument, NetworksWrappersDocument
from feint.scenarios.networks_transfer_document import NetworksTransferDocument
from feint.scenarios.overseer_documents import OverseerDocument
from feint.scenarios.regeneration_texts import RegenerateDocument
from feint.scenarios.release_documents import ReleaseDocument
from feint.scenarios.transfer_documents import TransferDocument
from feint.scenarios.worldview_documents import WorldviewsDocument
from feint.sim import documents
from feint.sim.part import Part

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
    "overseer": OverseerDocument,
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
    """The published JSON schema of any document; raises `InputError` for one that there is not."""
    return documents.schema_text(name, {**documents.DOCUMENTS, **SCHEMAS})
