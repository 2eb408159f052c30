// A list of devices in a CSV file, checked row by row before anything of it is sent.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "wire/messages.h"

// A hundred thousand devices with a name each are 10 MB.
#define DEVICE_LIST_BYTES (256 * 1024 * 1024)

// Reads "kind,value,names" with a header line; the order of the columns is free, "names" may be
// absent. Fingerprints may have colons and capitals, names stand between blanks. `report` gets
// each bad row with its line; then RESULT_INVALID (code "local") tells how many there were, and
// nothing is returned. The records are struct rule_entry; message_clear of rule_add ends them.
enum result device_list_read(struct bytes text, void (*report)(const struct error *reason),
                             struct record_list *out_entries, struct error *err);
