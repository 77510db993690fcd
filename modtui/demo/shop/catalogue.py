"""What is for sale, and at which net price."""

NET = {"tea": 10.00, "coffee": 14.00, "cake": 4.50}
