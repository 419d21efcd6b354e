"""Step 6: engines behind the domain's port."""
