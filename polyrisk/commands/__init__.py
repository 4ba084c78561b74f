"""The commands, one file for each kind of thing they are for. A file here is found by its `COMMANDS`; nothing lists it."""
