from scenario_lib import *
NAME = 'locks_and_handles'
RIGHT = 'locks, sockets, events and open files made by untouched lines stay'

def setup():
    import a
    a.put(1)
    a.local.v = 5
    a.log.write("line")
    return NS(lock=a.lock, jobs=a.jobs, log=a.log, guard=a.Pool.guard)
def verify(s):
    a = mod("a")
    return {
        "same objects": lambda: a.lock is s.lock and a.jobs is s.jobs and a.log is s.log and a.Pool.guard is s.guard,
        "content": lambda: a.jobs.qsize() == 1 and a.local.v == 5 and not a.log.closed,
        "new": lambda: a.put(2) == "new" and a.Pool().size() == "new" and a.Pool().extra() == 1,
    }
