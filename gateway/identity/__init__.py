"""Who asks: API keys today, kept as HMACs in SQLite and seen by a running gateway at once."""
