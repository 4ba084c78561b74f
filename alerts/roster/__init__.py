"""Who is on duty, and are they awake? The roster with its hand-over notes, officers' telephones, and how somebody is woken.

Shifts as a pure function of time (`shifts`), what is kept of them (`keeping`), telephones (`telephones`); what wakes (`causes`,
`feed_watch`), who is tried next (`ladder`), what was tried and who answered (`wakings`), and the trying itself (`waking`).
"""
