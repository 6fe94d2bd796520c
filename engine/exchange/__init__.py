"""Exchange with partners: ports, terms, lanes, classification and retries. Pure; no SQL, no HTTP."""
