"""Who is trained: the mesa-optimizer's parameters, state and views, and its three types."""
