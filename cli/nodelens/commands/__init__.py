"""One folder for each subcommand: the rows of its options, its help, its calls into the domain."""
