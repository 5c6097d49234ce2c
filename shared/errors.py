"""The exceptions that end a command with one sentence instead of a stack trace."""


class UserError(Exception):
    """Bad input: its message is one sentence that names the file, key or value and says what to do.

    The command line prints the message on stderr, without a stack trace, and exits with code 2.
    """


class DivergedError(UserError):
    """The training loss is infinite or NaN: these settings do not train, though others may."""


class StoppedError(Exception):
    """A signal ended the work after it was saved; the message says how to go on. The exit code is 130."""
