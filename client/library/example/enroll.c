// Enrolls with a token, keeps the key in memory, prints the certificate and its chain, and renews it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//     cc enroll.c $(pkg-config --cflags --libs signet-client) -o enroll
//     ./enroll signet://ca.example:8443/…
#include <stdio.h>

#include <signet.h>

// Says what went wrong, and what to do.
static int fail(const struct signet_client *client) {
    fprintf(stderr, "%s (%s)\n%s\n", signet_error_text(client), signet_error_code(client),
            signet_error_hint(client));
    return 1;
}

// Waits as long as an administrator takes.
static enum signet_result send_until_decided(struct signet_request *request,
                                             struct signet_credential **credential) {
    enum signet_result result = signet_request_send(request, 0, credential);
    if (result == SIGNET_PENDING) {
        fprintf(stderr, "waits for approval: %s\n", signet_request_code(request));
    }
    while (result == SIGNET_PENDING) {
        result = signet_request_send(request, 50, credential);
    }
    return result;
}

static enum signet_result print(const struct signet_credential *credential) {
    static char pem[16384];
    size_t size = 0;
    enum signet_result result =
        signet_credential_chain_pem(credential, pem, sizeof(pem), &size);
    printf("%s, for %s\n%.*s", signet_credential_serial(credential),
           signet_credential_name(credential, 0), (int)size, pem);
    return result;
}

int main(int count, char **arguments) {
    struct signet_client *client = NULL;
    struct signet_key *key = NULL, *next_key = NULL;
    struct signet_request *request = NULL, *renewal = NULL;
    struct signet_credential *credential = NULL, *renewed = NULL;
    if (count != 2 || signet_client_new(NULL, &client) != SIGNET_OK) {
        fprintf(stderr, "usage: enroll TOKEN\n");
        return 2;
    }
    // Firmware would save the credential, and renew when signet_credential_is_due says so.
    const int is_done =
        signet_key_generate(client, SIGNET_P256, &key) == SIGNET_OK &&
        signet_enrollment_new(client, arguments[1], key, NULL, 0, &request) == SIGNET_OK &&
        send_until_decided(request, &credential) == SIGNET_OK &&
        print(credential) == SIGNET_OK &&
        signet_key_generate(client, SIGNET_P256, &next_key) == SIGNET_OK &&
        signet_renewal_new(client, credential, next_key, &renewal) == SIGNET_OK &&
        send_until_decided(renewal, &renewed) == SIGNET_OK && print(renewed) == SIGNET_OK;
    const int status = is_done ? 0 : fail(client);
    signet_credential_free(credential);
    signet_credential_free(renewed);
    signet_request_free(request);
    signet_request_free(renewal);
    signet_key_free(key);
    signet_key_free(next_key);
    signet_client_free(client);
    return status;
}
