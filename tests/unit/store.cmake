# Unit tests of store.
# SPDX-License-Identifier: GPL-3.0-or-later
signet_unit_test(database store)
signet_unit_test(store store)
signet_unit_test(store_certificate store)
signet_unit_test(store_plans store)
signet_unit_test(store_search store)
signet_unit_test(store_token store)
signet_unit_test(store_name store)
signet_unit_test(store_request store)
signet_unit_test(store_rule store)
