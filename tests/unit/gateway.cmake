# Unit tests of ca/gateway.
# SPDX-License-Identifier: GPL-3.0-or-later
signet_unit_test(gateway gateway)
target_sources(test_gateway PRIVATE support/gateway_pki.c)
signet_unit_test(parking gateway)
signet_unit_test(poll gateway)
target_sources(test_poll PRIVATE support/gateway_pki.c)
signet_unit_test(publications gateway)
signet_unit_test(router gateway)
signet_unit_test(session gateway)
target_sources(test_session PRIVATE support/gateway_pki.c)
signet_fuzz_target(router gateway)
signet_unit_test(confinement gateway)
