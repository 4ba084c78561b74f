"""What will a household see? A message that waits, on an officer's own telephone before they sign it, marked as a test.

What was asked for and what became of it (`asked`), and the handing over (`handing_over`). It is no message to a person of the registry:
it has no part in audience, signatures, counts or cost of the message that it shows.
"""
