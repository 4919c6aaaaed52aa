"""Claims about what pre-training does to deception."""
