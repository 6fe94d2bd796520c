"""The admins' and officers' console: pages rendered here, changed by forms, the same view for the same address."""
