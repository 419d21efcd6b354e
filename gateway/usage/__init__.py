"""Who used how much: counted from the ledger, for limits, reports and the last use of keys."""
