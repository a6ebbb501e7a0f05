"""The frame table: its contract, its readers, quarantine and split."""
