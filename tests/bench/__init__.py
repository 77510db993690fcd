"""Speed, measured by hand, side by side with what else there is: python -m tests.bench [NAME...]"""
