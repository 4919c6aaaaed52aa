"""The argument as a whole: claims, premises, mechanisms and their tests."""
