"""Contracts as data: what a partner offers and expects, read from a folder and validated before it is used."""
