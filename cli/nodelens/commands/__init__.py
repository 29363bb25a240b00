"""One file a subcommand: its signature, its help, then one call into the domain."""
