"""An exact engine for IIT 4.0 whose cost grows as 4^n, not as the number of partitions."""
