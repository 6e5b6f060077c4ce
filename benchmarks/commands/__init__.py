"""What can be measured: one module a command, each with its options and `measure`, which gives figures for JSON."""
