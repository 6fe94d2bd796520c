"""Running one instance of a deployed process: pure, no database, no clock of its own."""
