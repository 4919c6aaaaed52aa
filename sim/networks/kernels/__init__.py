"""What is compiled of the networks: their strings, their passes forward and backward, and Adam."""
