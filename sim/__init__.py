"""How it is trained: stages, curricula, random streams, kernels, ensembles, comparisons."""
