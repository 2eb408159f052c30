// What is installed below a folder, and how it does.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/connect/about.h"

// Fills a line for every credential below `folder` and every pending enrollment (or for the
// credential `name` alone; code "misconfigured" when that is not there). A damaged one is a line too. The page is the caller's to clear.
enum result status_collect(const char *folder, const char *name, struct status_page *out_page,
                           struct error *err);
