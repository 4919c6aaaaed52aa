"""Dotted names of parameters: `parameter` belongs to the model, `stage.parameter` to a stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def split(name: str) -> tuple[str, str]:
    """Return the stage, empty for the model's parameters, and the parameter."""
    stage, _, parameter = name.rpartition(".")
    return stage, parameter


def by_stage(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Split changes by dotted name into those of the model and those of each stage."""
    of_model: dict[str, Any] = {}
    of_stages: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        stage, parameter = split(name)
        (of_stages.setdefault(stage, {}) if stage else of_model)[parameter] = value
    return of_model, of_stages


def carried(value: Any) -> tuple[str, ...]:
    """Return the carried groups named by a table cell such as `a+b`; "nothing" means none."""
    if isinstance(value, str):
        return () if value == "nothing" else tuple(value.split("+"))
    return tuple(value)


def as_cell(value: Any) -> Any:
    """Return a value as a table cell; a tuple of carried groups becomes `a+b`."""
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return "+".join(value) if value else "nothing"
    return value
