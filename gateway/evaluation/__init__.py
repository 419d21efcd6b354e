"""How good detection is on annotated notes: figures, minimums, and a page to read."""
