"""Search: an index that follows the log, and answers that are what a scan of the log would be."""
