"""Who must know, and did it reach them? Life of a warning, signatures, audience, texts, dispatch and channels.

The route of one warning, file by file: `life` (what is to be said), `texts` and `rendering` (how), `service` (who signs it),
`registry` (who is reached, recorded before anything leaves), `dispatch` (most at risk first), `channels` (the way out).
"""
