"""One script a claim of speed or size; each keeps its results as JSON beside it."""
