"""Mutants of surplus lists: damaged, renamed, translated and converted, to see whether the reader guesses or asks."""
