"""What people answer: STOP, START, HELP, "1 = safe, 2 = need help", and what they report, by signed callbacks.

The route of one message, file by file: `webhooks` (is it really the provider's?), `inbox` (kept, encrypted, once), `understanding` (what
does it say? pure), `answering` (what follows from it, in one transaction), `reports` (a report becomes an observation).
"""
