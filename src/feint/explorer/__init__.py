"""The explorer: a page on which the premises are turned and the conclusion moves (`feint explore`)."""
