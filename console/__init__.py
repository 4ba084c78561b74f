"""What do people look at? Operators' pages, made on the server from what the log says and nothing else."""
