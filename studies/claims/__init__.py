"""Hold the recipe's promises and the recommendations against the data."""
