// Manufacturers of devices: their CAs (IEEE 802.1AR), and the names that their devices get here.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "authority/config/config_list.h"
#include "base/bytes.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/names.h"

// One [manufacturer NAME] of the configuration. All owned.
struct manufacturer {
    char *name;
    char *file;       // PEM of the CA certificates; relative to the configuration's folder
    size_t file_line; // where the configuration says so
    struct buf chain; // those certificates in DER, concatenated
    struct config_list names; // templates such as "cn:{serialNumber}"
};

struct manufacturer_list {
    struct manufacturer *items;
    size_t count;
};

void manufacturer_clear(struct manufacturer *manufacturer);
void manufacturer_list_clear(struct manufacturer_list *list);
// NULL when there is none of that name.
const struct manufacturer *manufacturer_find(const struct manufacturer_list *list,
                                             const char *name);

// Checks a template, "TYPE:TEXT" in which {ATTRIBUTE} stands for an attribute of the subject by
// its name (serialNumber, CN, O, OU, …) or dotted identifier. RESULT_INVALID for an unknown type
// or attribute, braces that do not pair, and a template without any attribute, which would give
// every device the same name.
enum result manufacturer_check_template(const char *template, struct error *err);
// Reads the certificates from FOLDER/file (or the file as it is, when its path is absolute):
// each must be a CA's that may sign certificates.
enum result manufacturer_load(struct manufacturer *manufacturer, const char *folder,
                              struct error *err);

// Whether the device's certificate is the manufacturer's: chained to one of its certificates,
// each of which is trusted as it is, with signatures, dates and path lengths.
// RESULT_DENIED with the code "manufacturer_unknown".
enum result manufacturer_verify(const struct manufacturer *manufacturer,
                                const struct certificate *device, int64_t now,
                                struct error *err);
// The names that the device with this certificate is granted: every template, filled in with the
// subject's values. These are data: braces and stars in them mean nothing, and none may add a
// separator ("@", "/", …) or a wildcard to the name. RESULT_DENIED with the codes
// "manufacturer_attribute" (the subject lacks one, has it twice, or not as text) and
// "manufacturer_name" (what results is no name).
enum result manufacturer_grant(const struct manufacturer *manufacturer,
                               const struct certificate *device, struct names *out_names,
                               struct error *err);
