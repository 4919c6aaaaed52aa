"""Ensembles of runs: simulation, summaries, comparisons of protocols and importance sampling."""
