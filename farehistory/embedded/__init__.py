"""The embedded run mode: PostgreSQL and Valkey from wheels, run and kept up by a supervisor of our own.

Nothing here imports Django, so that the settings can ask `state.State` for addresses at no cost.
"""
