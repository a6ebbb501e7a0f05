"""Tell the faults of a store apart: what passes, and what it will never take."""

import errno
import re

# What SQLite says of a database that another process holds, or of its disk.
_PASSING = ("locked", "database or disk is full", "readonly database", "disk I/O error")
# What a store says of an entry that it will never take, in MLflow's words and in HTTP's.
_FINAL = (
    *("INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST", "RESOURCE_ALREADY_EXISTS"),
    *("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED"),
)
_REFUSALS = (400, 404, 405, 411, 413, 414, 415, 422, 431, 501)


def failures() -> tuple[type[Exception], ...]:
    """List what a store raises that is down, full or busy."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return (MlflowException, SQLAlchemyError, OSError)  # those of requests are OSErrors


def passes(error: BaseException) -> bool:
    """Tell whether a local store fails for something that passes: a lock, a disk, its mounting."""
    if isinstance(error, OSError):  # of a lock that another process holds, too
        return error.errno in (None, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
    return any(sign in str(error) for sign in _PASSING)


def refuses(error: Exception, *, local: bool) -> bool:
    """Tell whether a store, local or a server, will refuse an entry whenever it is sent.

    It will for what it says of the entry (4xx). It may take it later where it is away, busy, full
    or locked, failed itself (5xx) or wants other credentials (401, 403), which a person can mend.
    """
    from mlflow.exceptions import MlflowException

    if not isinstance(error, failures()):
        return not isinstance(error, MemoryError)  # no store's word: MLflow cannot even ask
    if (response := getattr(error, "response", None)) is not None:  # to an artifact
        return response.status_code in _REFUSALS
    if not isinstance(error, MlflowException):
        return False
    if status := re.search(r"failed with error code (\d{3})", str(error)):
        return int(status[1]) in _REFUSALS
    own_fault = local and error.error_code == "INTERNAL_ERROR"  # MLflow's code, in this process
    return error.error_code in _FINAL or (own_fault and not passes(error))
