"""The exceptions of thalweg: one for each status code, each also a built-in where one fits."""


class Error(Exception):
    """Base of everything that thalweg raises on purpose."""


class InvalidArgumentError(Error, ValueError):
    """The request is wrong: SQL, an option, or data that may not be rejected."""


class NotFoundError(Error, FileNotFoundError):
    """Something that was named does not exist."""


class AlreadyExistsError(Error, FileExistsError):
    """The target exists and may not be overwritten."""


class UnsupportedError(Error, NotImplementedError):
    """Thalweg cannot do this (yet)."""


class UnavailableError(Error, ConnectionError):
    """Something is out of reach now; trying again may help."""


class ResourceExhaustedError(Error, MemoryError):
    """Memory, disk space or another bound is used up."""


class DeadlineExceededError(Error, TimeoutError):
    """It took too long."""


class CancelledError(Error):
    """The run was asked to stop."""


class IoError(Error, OSError):
    """Reading or writing failed."""


class CorruptionError(Error, ValueError):
    """Bytes are not what their format or checksum says."""


class UnauthenticatedError(Error, PermissionError):
    """Not permitted, or a key does not fit."""


class InternalError(Error, RuntimeError):
    """A bug of thalweg."""
