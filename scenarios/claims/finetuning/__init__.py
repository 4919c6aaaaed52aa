"""Claims about what fine-tuning leaves underneath."""
