"""interrupt.py COMMAND...: interrupts COMMAND while it works, at several moments; it
must end by the signal."""

import signal
import subprocess
import sys
import time

# Jobs in the background ignore SIGINT and hand that on; a handler is not inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
for delay in (0.05, 0.15, 0.25):
    process = subprocess.Popen(sys.argv[1:])
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    code = process.wait()
    if code not in (-signal.SIGINT, 128 + signal.SIGINT):
        sys.exit(f"after {delay} s: exit code {code}, expected to end by SIGINT")
