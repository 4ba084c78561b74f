"""Serve until the one who started this closes our standard input: `python -m alerts.stand_in_provider`."""

from alerts.stand_in_provider.process import main

if __name__ == "__main__":
    main()
