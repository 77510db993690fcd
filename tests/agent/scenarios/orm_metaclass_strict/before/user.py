from a import User, Group
