"""Hand over a result: files first, then the screen, and what the exit status makes of either."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence

from attncheck.cli.exits import Exit
from attncheck.cli.files import ToWrite, cannot, write_whole
from attncheck.cli.streams import complain, log, say
from attncheck.errors import AttncheckError
from attncheck.formats.shared.plain import NEAREST


def deliver(
    files: Sequence[ToWrite],
    screen: Callable[[], str] | None,
    code: Exit = Exit.CONFORMS,
    *,
    commands: bool = False,
) -> Exit:
    """Write every file that can be, then show the result; return the exit status.

    A screen that breaks changes nothing where the files hold the result; a file that cannot be
    written, or a result that is to be seen nowhere, does.

    Args:
        files: what to write.
        screen: makes the text for standard output; None for nothing.
        code: the status where all goes well.
        commands: whether the text holds workflow commands of ours.
    """
    written = [_written(file) for file in files]
    shown = screen is None or _shown(screen, commands=commands)
    return code if all(written) and (shown or files) else Exit.FAILED


def _written(file: ToWrite) -> bool:
    try:
        write_whole(file.path, _bytes(file.content()))
    except OSError as error:
        complain(cannot(file.path, error))
    except AttncheckError as error:
        complain(error)
    except Exception as error:
        mistake(error, f"{file.path} is not written")
    else:
        return True
    return False


def _bytes(content: str | bytes) -> bytes:
    return content.encode("utf-8", NEAREST) if isinstance(content, str) else content


def _shown(screen: Callable[[], str], *, commands: bool) -> bool:
    try:
        return say(screen(), commands=commands)
    except AttncheckError as error:
        complain(error)
    except Exception as error:
        mistake(error, "the result is not shown")
    return False


def mistake(error: BaseException, consequence: str = "") -> None:
    """Tell of a mistake of our own, and what it costs."""
    cost = f"{consequence}: " if consequence else ""
    log(f"attncheck: {cost}this is a mistake in attncheck: {type(error).__name__}: {error}")
    if "--debug" in sys.argv:
        log("".join(traceback.format_exception(error)))
    else:
        log("  run it again with --debug and report what it says")
