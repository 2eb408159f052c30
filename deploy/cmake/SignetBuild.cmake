# How every library of the tree is built: the flags, the foreign libraries, and signet_library().
# SPDX-License-Identifier: GPL-3.0-or-later
find_package(PkgConfig REQUIRED)

set(WOLFSSL_ROOT "" CACHE PATH "Prefix of another wolfSSL (default: the system's)")

add_library(foreign_wolfssl INTERFACE)
if(WOLFSSL_ROOT)
    find_library(WOLFSSL_LIBRARY wolfssl PATHS ${WOLFSSL_ROOT}/lib REQUIRED NO_DEFAULT_PATH)
    find_path(WOLFSSL_INCLUDE wolfssl/options.h PATHS ${WOLFSSL_ROOT}/include REQUIRED NO_DEFAULT_PATH)
    target_include_directories(foreign_wolfssl SYSTEM INTERFACE ${WOLFSSL_INCLUDE})
    target_link_libraries(foreign_wolfssl INTERFACE ${WOLFSSL_LIBRARY})
    set(CMAKE_BUILD_RPATH ${WOLFSSL_ROOT}/lib)
    set(CMAKE_INSTALL_RPATH ${WOLFSSL_ROOT}/lib)
else()
    pkg_check_modules(WOLFSSL REQUIRED IMPORTED_TARGET wolfssl>=5.5.4)
    target_link_libraries(foreign_wolfssl INTERFACE PkgConfig::WOLFSSL)
endif()
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson>=1.7.15)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(IDN REQUIRED IMPORTED_TARGET libidn)
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat>=2.5)
pkg_check_modules(QRENCODE QUIET IMPORTED_TARGET libqrencode)

if(SIGNET_PKCS11)
    pkg_check_modules(P11KIT REQUIRED IMPORTED_TARGET p11-kit-1>=0.24)
endif()

# llhttp: the packaged library where there is one, else the C sources that node-llhttp ships.
pkg_check_modules(LLHTTP QUIET IMPORTED_TARGET libllhttp)
if(LLHTTP_FOUND)
    add_library(foreign_llhttp ALIAS PkgConfig::LLHTTP)
else()
    find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp REQUIRED)
    find_path(LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp REQUIRED)
    add_library(foreign_llhttp STATIC ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c ${LLHTTP_SOURCES}/llhttp.c)
    target_include_directories(foreign_llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
    target_compile_definitions(foreign_llhttp PRIVATE LLHTTP_STRICT_MODE=1)
    target_compile_options(foreign_llhttp PRIVATE -w)
endif()

add_compile_options(-std=gnu17 -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wvla -Wformat=2
    -fno-common -fstack-protector-strong -D_GNU_SOURCE)
if(CMAKE_C_COMPILER_ID MATCHES Clang)
    add_compile_options(-fdouble-square-bracket-attributes)
endif()
if(CMAKE_BUILD_TYPE STREQUAL Release OR CMAKE_BUILD_TYPE STREQUAL RelWithDebInfo)
    add_compile_options(-D_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,--as-needed -Wl,-z,relro,-z,now)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# signet_library(NAME SOURCES… LINKS LIBRARIES…): the current folder as a static library. Its headers are
# reached as "NAME/….h" by those who link it and by nobody else: each library has an include folder
# of its own in the build tree that holds just that one name.
function(signet_library name)
    cmake_parse_arguments(PARSE_ARGV 1 LIBRARY "" "" "SOURCES;LINKS")
    set(include_folder ${CMAKE_BINARY_DIR}/include/${name})
    file(MAKE_DIRECTORY ${include_folder})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${include_folder}/${name} SYMBOLIC)
    add_library(${name} STATIC ${LIBRARY_SOURCES})
    target_include_directories(${name} PUBLIC ${include_folder})
    target_link_libraries(${name} PUBLIC ${LIBRARY_LINKS})
endfunction()
