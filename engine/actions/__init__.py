"""The verbs: each function is one transaction that changes what is stored."""
