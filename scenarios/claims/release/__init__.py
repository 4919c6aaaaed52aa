"""Claims about what follows a release."""
