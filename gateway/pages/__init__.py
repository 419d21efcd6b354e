"""Pages of HTML that stand alone: one file each, without a script and without anything to fetch."""
