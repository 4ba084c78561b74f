"""What crosses a boundary: records, their Arrow and JSON forms, and the configuration's models.

This package imports nothing else of the project, so every other folder may read it.
"""
