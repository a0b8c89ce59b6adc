"""MLflow's tracking server: what is addressed there, and asking it through MLflow's own client."""

from skmig.tracking.address import Address, is_address, registered_model
from skmig.tracking.ledger import Ledger
from skmig.tracking.server import Tracking, Version

__all__ = ["Address", "Ledger", "Tracking", "Version", "is_address", "registered_model"]
