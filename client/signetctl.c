// signetctl, the program of administrators: its commands and their options.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/signetctl.h"

#include "client/program.h"

static const struct option common_options[] = {
    {"credential", "DIR", "the administrator's credential (default: see the man page)", false,
     false},
    {"url", "URL", "the admin gateway, instead of the credential's", false, false},
    {"json", NULL, "the JSON of the protocol instead of tables", false, false},
    {0},
};

static const struct command commands[] = {
    {"token create", "", 0, 0, token_create_options,
     "make a token with which a device enrolls\n\n"
     "Prints the token, and nothing else, on standard output; it is not shown again.",
     run_token_create},
    {"token list", "", 0, 0, token_list_options, "list tokens", run_token_list},
    {"token revoke", "ID", 1, 1, NULL, "make a token useless", run_token_revoke},
    {"certificate list", "", 0, 0, certificate_list_options, "list and search certificates",
     run_certificate_list},
    {"certificate show", "SERIAL", 1, 1, certificate_show_options, "show one certificate",
     run_certificate_show},
    {"certificate revoke", "SERIAL | --name NAME", 0, 1, certificate_revoke_options,
     "declare a certificate invalid, for good\n\n"
     "With --name the one valid certificate of that name. Several, as after a renewal, are\n"
     "listed and none is revoked; --all revokes them.",
     run_certificate_revoke},
    {"crl show", "", 0, 0, NULL, "show what the published CRLs hold", run_crl_show},
    {"crl publish", "", 0, 0, NULL, "make and publish new CRLs now", run_crl_publish},
    {"status", "", 0, 0, NULL, "how the authority does", run_status},
    {"authority", "", 0, 0, NULL, "what anyone may know: name, root, profiles", run_authority},
    {0},
};

static const struct program program = {
    .name = "signetctl",
    .summary = "Administers a Signet authority: tokens, certificates, CRLs.",
    .options = common_options,
    .commands = commands,
    .footer = "Exit status: 0 done, 1 failed, 2 usage, 4 denied, 5 misconfigured or not to be\n"
              "trusted, 6 unreachable. See signetctl(1).\n",
};

int main(int argc, char **argv) {
    return program_main(&program, argc, argv);
}
