"""The one error that is meant for the person at the keyboard."""


class LetterlabError(Exception):
    """A mistake that the user can mend.

    The message is one sentence (or two) that names the file or setting, says what is wrong and what to do.
    The command line prints it without a traceback and exits with code 2.
    """
