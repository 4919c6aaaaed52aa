"""The explorer: a page that trains the whole model in the reader's browser (`feint explore`)."""
