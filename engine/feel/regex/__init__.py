"""Regular expressions as XPath writes them, on a machine of our own whose time is bounded by its step budget.

Patterns without back-references run in time linear in pattern times text; Python's `re` is never given foreign patterns.
"""
