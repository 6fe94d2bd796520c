"""The REST interface under ``/api/v1``: one module for each kind of thing, one blueprint each."""
