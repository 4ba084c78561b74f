"""Who may do what in the operators' console, and how they show who they are.

Accounts and what was granted (`accounts`, `permissions`), passwords (`passwords`), the second factor (`second_factors`), sessions and
one-time codes (`sessions`), how often somebody may try (`tries`), and the steps of signing in made of them (`signing_in`).
"""
