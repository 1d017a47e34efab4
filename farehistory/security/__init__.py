"""Who gets into the back office, for how long, and what its pages may do in a browser. docs/security.md says why."""
