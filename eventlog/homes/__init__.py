"""One module for each home of the log; its name is the URL's scheme, and it has `open_home(url) -> EventLog`.

Modules that begin with an underscore are parts of a home.
"""
