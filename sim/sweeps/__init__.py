"""Sweeps over parameters: studies, designs, stores and clusters."""
