"""The one exception for mistakes that the user can mend."""


class UserError(Exception):
    """Bad input: its message is one sentence that names the file, key or value and says what to do.

    The command line prints the message on stderr, without a stack trace, and exits with code 2.
    """
