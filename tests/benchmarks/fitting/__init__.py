"""Whole fits of FitzHugh–Nagumo's equations by nodelens and by a script for diffrax."""
