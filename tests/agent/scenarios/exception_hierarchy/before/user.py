from a import AppError, NotFound, find
def call():
    try: find()
    except AppError as e: return ("app", e.args[0], e.status)
    except NotFound as e: return ("nf", e.args[0])
