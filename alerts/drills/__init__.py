"""Drills: what is said in one reaches its own list of people alone, how long each stage took, and what became of it.

A drill is an installation of its own in a folder below the real one's (`drills/<time>-<case>`), with a log and a registry of its own.
"""
