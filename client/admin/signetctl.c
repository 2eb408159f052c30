// signetctl, the program of administrators: its commands and their options.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/signetctl.h"

#include "client/terminal/program.h"

static const struct option common_options[] = {
    {"credential", "DIR", "the administrator's credential (default: see the man page)", false,
     false},
    {"url", "URL", "the admin gateway, instead of the credential's", false, false},
    {"json", NULL, "the JSON of the protocol instead of tables", false, false},
    {0},
};

static const struct command commands[] = {
    {"token create", "", 0, 0, token_create_options,
     "make a token with which a device, or a fleet of them, enrolls\n\n"
     "Each device of a fleet picks one free name for each pattern, in which * stands for any\n"
     "characters. Prints the token, and nothing else, on standard output; it is not shown "
     "again.",
     run_token_create},
    {"token list", "", 0, 0, token_list_options,
     "list and search tokens\n\nAll that is given must fit.", run_token_list},
    {"token revoke", "ID", 1, 1, NULL, "make a token useless", run_token_revoke},
    {"issue", "", 0, 0, issue_options,
     "make key, certificate and files for an app in one go\n\n"
     "For those whose phone cannot enroll by itself. The key is made here, never by the\n"
     "authority, and is in no file but the exported ones afterwards.",
     run_issue},
    {"certificate list", "", 0, 0, certificate_list_options,
     "list and search certificates\n\n"
     "All that is given must fit. With --expiring the soonest to end come first, with "
     "--prefix\n"
     "they come by name, else the newest first.",
     run_certificate_list},
    {"request list", "", 0, 0, request_list_options,
     "list requests that wait for approval, and those that were decided", run_request_list},
    {"request show", "ID | CODE", 1, 1, NULL, "show one request, and what is granted of it",
     run_request_show},
    {"request approve", "ID… | CODE… | --all", 0, 1000, request_approve_options,
     "approve what waits\n\n"
     "Shows each request and approves what was shown: had it changed meanwhile, it is "
     "refused.\n"
     "With --all those that the filter selects, after a preview.",
     run_request_approve},
    {"request deny", "ID… | CODE… | --all", 0, 1000, request_deny_options,
     "deny what waits, for good\n\n"
     "A denied request stays denied: the device asks anew, with another key.",
     run_request_deny},
    {"rule import", "FILE", 1, 1, rule_import_options,
     "list devices that are approved at once\n\n"
     "FILE is CSV: a first line kind,value,names and a line for each device; kind is key (the\n"
     "SHA-256 of its public key) or serial. Every row is checked before anything is sent; an\n"
     "import may be repeated.",
     run_rule_import},
    {"rule list", "", 0, 0, rule_list_options, "list such devices", run_rule_list},
    {"rule remove", "KIND VALUE", 2, 2, rule_remove_options, "take a device off the list",
     run_rule_remove},
    {"certificate show", "SERIAL | NAME", 1, 1, certificate_show_options,
     "show one certificate\n\n"
     "By its serial, or by a name like cn:jjolie: the one valid certificate of that name, or "
     "the\n"
     "only one that there ever was. Several are listed and none is shown.",
     run_certificate_show},
    {"certificate revoke", "SERIAL | --name NAME", 0, 1, certificate_revoke_options,
     "declare a certificate invalid, for good\n\n"
     "With --name the one valid certificate of that name. Several, as after a renewal, are\n"
     "listed and none is revoked; --all revokes them.",
     run_certificate_revoke},
    {"certificate hold", "SERIAL | NAME", 1, 1, NULL,
     "have a certificate refused until it is released or revoked", run_certificate_hold},
    {"certificate release", "SERIAL | NAME", 1, 1, NULL, "end the hold of a certificate",
     run_certificate_release},
    {"name release", "NAME", 1, 1, NULL,
     "let another device have a name\n\n"
     "NAME as type:value. Refused while a valid certificate carries it.",
     run_name_release},
    {"crl show", "[SERIAL…]", 0, 1000, crl_show_options,
     "show what the published CRLs hold\n\n"
     "All of them in a table, or with --issuer one CRL with its entries, or those of SERIAL.",
     run_crl_show},
    {"crl diff", "OLD NEW | --issuer NAME [OLD]", 0, 2, crl_diff_options,
     "compare two CRLs\n\n"
     "Files in PEM or DER; with --issuer what is published now, with OLD or with the one "
     "before\n"
     "it. Exit status: 0 the same, 1 different, 2 trouble.",
     run_crl_diff},
    {"crl publish", "", 0, 0, NULL, "make and publish new CRLs now", run_crl_publish},
    {"issuer list", "", 0, 0, NULL, "list the CAs of the authority", run_issuer_list},
    {"profile list", "", 0, 0, NULL, "list the profiles", run_profile_list},
    {"profile show", "NAME", 1, 1, NULL, "show one profile", run_profile_show},
    {"admin add", "NAME", 1, 1, admin_add_options,
     "invite an administrator\n\n"
     "Prints a token with which the person enrolls, and nothing else, on standard output; it "
     "is\n"
     "not shown again. A name stays taken for good.",
     run_admin_add},
    {"admin list", "", 0, 0, NULL, "list administrators", run_admin_list},
    {"admin remove", "NAME", 1, 1, NULL,
     "remove an administrator, for good\n\n"
     "The next request is refused; invitation and certificates are revoked.",
     run_admin_remove},
    {"admin role", "NAME ROLE", 2, 2, NULL,
     "give an administrator another role: owner, approver, operator, auditor", run_admin_role},
    {"audit list", "", 0, 0, audit_list_options, "show the audit trail, newest first",
     run_audit_list},
    {"audit export", "", 0, 0, audit_export_options,
     "write the audit trail, a line of JSON for each record\n\n"
     "Checks the chain on the way. With --to an interrupted or older export is continued, if "
     "the\n"
     "trail still holds what the file ends with.",
     run_audit_export},
    {"audit verify", "[FILE]", 0, 1, audit_verify_options,
     "recompute the chain of the audit trail, or of an export\n\n"
     "Here, without trusting the server, and names the first record that does not fit.",
     run_audit_verify},
    {"audit checkpoint", "", 0, 0, NULL,
     "print a signed statement of where the trail ends, to be kept elsewhere",
     run_audit_checkpoint},
    {"status", "", 0, 0, NULL, "how the authority does", run_status},
    {"authority", "", 0, 0, NULL, "what anyone may know: name, root, profiles", run_authority},
    {0},
};

static const struct program program = {
    .name = "signetctl",
    .summary = "Administers a Signet authority: requests, tokens, certificates, CRLs.",
    .options = common_options,
    .commands = commands,
    .footer =
        "Exit status: 0 done, 1 failed, 2 usage, 3 waits for approval (issue), 4 refused by\n"
        "the authority, 5 misconfigured or not to be trusted, 6 unreachable. See "
        "signetctl(1).\n",
};

int main(int argc, char **argv) {
    return program_main(&program, argc, argv);
}
