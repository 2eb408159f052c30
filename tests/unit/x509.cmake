# Unit tests and fuzz targets of protocol/x509, and what the interoperability tests make and read with.
# SPDX-License-Identifier: GPL-3.0-or-later
add_executable(make_x509 support/make_x509.c)
target_link_libraries(make_x509 PRIVATE x509)
add_executable(read_pkcs12 support/read_pkcs12.c)
target_link_libraries(read_pkcs12 PRIVATE base foreign_wolfssl)

foreach(module der pem oid names key csr certificate crl lint ocsp pkcs12)
    signet_unit_test(${module} x509)
    target_compile_definitions(test_${module} PRIVATE TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/data/x509")
endforeach()

foreach(module der pem key csr certificate crl lint ocsp)
    signet_fuzz_target(${module} x509)
endforeach()

# With a SoftHSM of its own, behind a module that fails on demand.
if(SIGNET_PKCS11)
    add_library(faulty_pkcs11 MODULE support/faulty_pkcs11.c)
    target_link_libraries(faulty_pkcs11 PRIVATE PkgConfig::P11KIT ${CMAKE_DL_LIBS})
    # For tests/integration/service_user_stays_one.
    add_library(marker_module MODULE support/marker_module.c)
    signet_unit_test(key_pkcs11 x509)
    target_compile_definitions(test_key_pkcs11 PRIVATE FAULTY_MODULE="$<TARGET_FILE:faulty_pkcs11>")
    add_dependencies(test_key_pkcs11 faulty_pkcs11)
endif()
