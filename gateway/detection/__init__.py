"""What identifies a patient in a text: Presidio's frame, our rules, and a language model. No network."""
