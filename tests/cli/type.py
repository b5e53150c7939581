"""Types into an interactive shell, and waits for what it should say.

  type.py KEYS EXPECTED SHELL ARGUMENT …   [< COMMANDS]

COMMANDS are run first, as somebody's start-up file would be.  In KEYS, \\t is
the tabulator and \\r is Enter.  EXPECTED is a piece of text that must come after
the keys and cannot be among them.  Exit status 1, with all that the shell said:
it did not come.
"""
import sys

import pexpect

keys, expected, shell, *arguments = sys.argv[1:]
keys = keys.encode().decode("unicode_escape")
child = pexpect.spawn(shell, arguments, encoding="utf-8", timeout=20, dimensions=(50, 120))
try:
    for line in sys.stdin:
        child.sendline(line.rstrip("\n"))
    child.sendline("echo rea''dy")
    child.expect("ready")
    for part in keys.split("\t")[:-1]:
        child.send(part + "\t")
    child.send(keys.split("\t")[-1])
    child.expect_exact(expected)
except (pexpect.TIMEOUT, pexpect.EOF):
    print(child.before)
    sys.exit(1)
finally:
    child.close(force=True)
