# SPDX-License-Identifier: MIT
from halfulp.program import main

main()
