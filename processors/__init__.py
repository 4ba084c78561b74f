"""What it means: thresholds, baselines and compound rules as one pure step, and the loop that runs it."""
