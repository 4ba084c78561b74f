"""How is it started? The command line and the wiring, nothing else."""
