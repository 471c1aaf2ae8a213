"""Who may do what: pure rules over plain values; only the standard library is imported here."""
