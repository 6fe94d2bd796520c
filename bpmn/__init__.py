"""The procedures that ship with the product, as data: one folder each with its models, forms and scenarios.

No code belongs here. The package exists so that the files travel in the wheel.
"""
