"""What each kind of BPMN element does with a token."""
