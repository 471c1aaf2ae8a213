"""How fast custctl is: ratios against neighbours measured in the same run, never a test (`python -m benchmarks`)."""
