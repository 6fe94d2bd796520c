"""The core: what a model means, what happens to a dossier, and what is stored of it.

Nothing here knows Flask, zeep, urllib3 or APScheduler. The outside is reached through ports only.
"""
