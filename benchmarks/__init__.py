"""The figures of the platform, one script each; docs/benchmarks.md says what they measure and what they gave."""
