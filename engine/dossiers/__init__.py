"""The dossier and its law: codes, statuses, units, calendar, ledger, timeline. Pure."""
