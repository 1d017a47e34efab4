"""The read views over HTTP."""
