"""How a call travels: authentication and routing, one module per way, apart from what the call says."""
