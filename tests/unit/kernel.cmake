# Unit tests of ca/kernel.
# SPDX-License-Identifier: GPL-3.0-or-later
signet_unit_test(landlock kernel)
