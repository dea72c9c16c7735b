"""Measurements beside peers: `bin/bench <case>`. Every figure is a ratio of one run; docs/benchmarks.md reads them."""
