# Unit tests and fuzz targets of client.
# SPDX-License-Identifier: GPL-3.0-or-later
signet_unit_test(credential client)
signet_unit_test(folder client)
signet_unit_test(crl_set client)
signet_unit_test(exchange client)
signet_unit_test(issued client)
signet_unit_test(table client)
signet_unit_test(url client)
signet_unit_test(watch client)
signet_fuzz_target(crl_set client)
signet_fuzz_target(url client)
