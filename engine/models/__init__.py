"""What a model means: reading, findings, binding, the SpiffWorkflow specification. Pure."""
