"""One precise piece of detection, done by Polyrisk and by the engines people would pick instead."""
