"""The rules that a deployment must keep; each module holds those of one subject."""
