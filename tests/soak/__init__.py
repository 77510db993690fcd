"""Long runs against real processes: many attaches, and everything that can go wrong meanwhile."""
