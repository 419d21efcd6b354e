"""Who used how much: counted from the ledger, for limits, for reports and for the last use of keys."""
