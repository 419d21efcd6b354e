"""What a release would have done with past traffic, and what past traffic sent without need."""
