"""The composition root and the command line: the only place that knows every other package.

Nothing may import this package except its own modules, tests and `python -m lienthong`.
"""

__version__ = "0.1.0"
