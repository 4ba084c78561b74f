"""Where does it come from? One folder for each feed, and the one way in (`feeds.ingest`)."""
