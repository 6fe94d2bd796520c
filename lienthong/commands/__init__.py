"""One module per verb of the command line; each defines a click command named `command`.

Modules are imported only when their verb is used, so that every start is fast.
"""
