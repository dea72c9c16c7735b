"""What the system is held against: the same work without the framework, and the stacks usually chosen for it."""
