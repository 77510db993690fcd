class AppError(Exception): pass
class NotFound(Exception): pass
def find(): raise NotFound("old")
