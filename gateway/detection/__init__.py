"""What identifies a patient in a text: Presidio's frame, our rules, a model; no network."""
