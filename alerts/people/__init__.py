"""People who asked to be warned: their numbers, the keys that guard them, how they come, change, and leave."""
