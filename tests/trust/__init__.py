"""What modtui promises to the processes that it enters, and to those who read what it prints."""
