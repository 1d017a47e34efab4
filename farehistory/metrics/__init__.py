"""Figures for Prometheus: what processes count, and what is asked of PostgreSQL and Redis when it scrapes."""
