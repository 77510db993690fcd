class AppError(Exception): pass
class NotFound(AppError):
    status = 404
def find(): raise NotFound("new")
