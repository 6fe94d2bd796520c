"""The demo: a desk, officers and applicants who act through the REST interface only, and a witness who counts.

Nothing here is used by the product itself, and the witness reads no table of ours: only the desk's and the partners'
journals.
"""
