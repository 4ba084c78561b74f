"""Warnings as machines read them: Common Alerting Protocol 1.2 (OASIS), as files and as an Atom feed."""
