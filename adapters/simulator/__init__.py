"""Plays any partner from its contract, on loopback, over real HTTP: for demos, tests and an engineer's desk.

It validates what it is sent, keeps its own journal, and can be told to misbehave. It imports nothing of the sending
side but contracts, the SOAP service and the door for the messages that a partner sends by itself.
"""

from adapters.simulator.serving import Simulators, serve

__all__ = ["Simulators", "serve"]
