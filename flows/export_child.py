"""A child of the exporter: reads orders from standard input and writes what it made to standard output.

It leaves when its input closes, so a flow that is killed leaves no orphan.
"""

import os
import sys

from flows.exporter import ExportOrder, carried_out, receive, send


def main() -> None:
    """Serve orders until there are no more; an error that is no ExportFailed goes back as it is."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not spoil the answers
    while True:
        try:
            order = receive(sys.stdin.buffer)
        except EOFError:
            return
        if not isinstance(order, ExportOrder):
            raise TypeError(type(order).__name__)
        try:
            made: object = carried_out(order)
        except Exception as error:  # noqa: BLE001 - it is raised again in the flow
            made = error
        send(answers, made)


if __name__ == "__main__":
    main()
