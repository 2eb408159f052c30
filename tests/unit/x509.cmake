# Unit tests and fuzz targets of protocol/x509, and the maker of what the interoperability test judges.
# SPDX-License-Identifier: GPL-3.0-or-later
add_executable(make_x509 support/make_x509.c)
target_link_libraries(make_x509 PRIVATE x509)

foreach(module der pem oid names key csr certificate crl lint)
    signet_unit_test(${module} x509)
    target_compile_definitions(test_${module} PRIVATE TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/data/x509")
endforeach()

foreach(module der pem key csr certificate crl lint)
    signet_fuzz_target(${module} x509)
endforeach()
