"""What is asked: one thought experiment a file, each with its claim, its experiment and its figure."""
