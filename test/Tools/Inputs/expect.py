"""expect.py CODE COMMAND...: runs COMMAND, which must end with exit code CODE and
print nothing on standard output; prints its standard error."""

import subprocess
import sys

result = subprocess.run(sys.argv[2:], capture_output=True, text=True, check=False)
sys.stdout.write(result.stderr)
if result.returncode != int(sys.argv[1]):
    sys.exit(f"exit code {result.returncode}, expected {sys.argv[1]}:\n{result.stderr}")
if result.stdout:
    sys.exit(f"standard output is not empty:\n{result.stdout}")
