"""What the JSON documents and their parts have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of the documents and their parts."""

    model_config = ConfigDict(extra="forbid")
