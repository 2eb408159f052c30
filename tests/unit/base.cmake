# Unit tests of protocol/base.
# SPDX-License-Identifier: GPL-3.0-or-later
signet_unit_test(bytes base)
signet_unit_test(clock base)
signet_unit_test(error base)
signet_unit_test(file base)
signet_unit_test(log base)
signet_unit_test(options base)
signet_unit_test(owner base)
signet_unit_test(random base)
signet_unit_test(text base)
signet_unit_test(lookalike base)
