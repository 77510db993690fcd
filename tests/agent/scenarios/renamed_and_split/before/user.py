from a import old_name, Big, use
