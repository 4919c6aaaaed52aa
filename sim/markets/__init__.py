"""A market of actors who train, share and buy fine-tuned models."""
