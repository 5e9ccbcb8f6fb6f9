"""`python -m bigramlab` is the command `bigramlab`."""

import sys

from bigramlab.lab.cli import main

sys.exit(main())
