"""The explorer: an interactive page with a slider per parameter (`feint explore`)."""
