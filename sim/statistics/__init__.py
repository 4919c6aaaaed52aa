"""Intervals, Shapley shares, ROC curves and scaling laws."""
