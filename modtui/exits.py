"""Exit codes: what scripts can rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    DIFFERENT = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    FAILED = 5
    INTERRUPTED = 130


HELP = """\
exit codes:
  0    done
  1    differences found (diff, check)
  2    the command line is wrong, or there is no such module
  3    the target cannot be reached; the reason and the remedy are on stderr
  4    refused: a danger without --yes, or --look-only; nothing was changed
  5    a reload failed and everything was rolled back
  130  interrupted
"""
