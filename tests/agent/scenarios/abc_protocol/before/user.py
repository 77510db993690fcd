from a import Base, Runs, Impl
class OnlyRun:
    def run(self): return 1
class Virtual: pass
Base.register(Virtual)
