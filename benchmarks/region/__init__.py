"""Seven made-up countries with 5,000 areas and a year of warnings, their consoles, and two hundred people who look at them."""
