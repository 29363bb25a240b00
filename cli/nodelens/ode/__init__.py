"""The numerical core: solvers, step control, adjoints and exact problems."""
