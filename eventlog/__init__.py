"""How records travel and stay: the log's interface, its homes, and the archive of what was fetched.

Open a log with `eventlog.log.open_log`, the archive with `eventlog.archive.Archive`.
"""
