"""Backups of the database by PostgreSQL's own programs: dumps, their manifests, scratch databases, and the rows of runs.

How processes are run and what is in a file is here; when a backup is made, kept and believed is in `engine.actions`.
"""
