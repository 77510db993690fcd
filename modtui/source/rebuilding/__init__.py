"""Old source from live bytecode: runs in a helper process, by an interpreter like the target's.

Only what Python 3.8 knows is used here, and its standard library. Nothing of the texts or of the
live code is executed: texts are compiled, code objects are read and compared.
"""
