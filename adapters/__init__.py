"""The outside world: partners' contracts, the ways of travelling to them, and what comes in from them.

Adapters implement the ports that `engine.exchange` declares. They never import `web` or `schedules`.
"""
