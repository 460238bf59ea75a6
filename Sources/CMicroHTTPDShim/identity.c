// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#define _GNU_SOURCE
#include "identity.h"

#include "CMicroHTTPDShim.h"

#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

struct MicroHTTPDIdentity {
    gnutls_certificate_credentials_t credentials;
    int64_t end;
    int asks_clients;
};

static gnutls_datum_t datum(struct MicroHTTPDText text) {
    return (gnutls_datum_t){(unsigned char *)text.start, (unsigned int)text.length};
}

static enum MicroHTTPDIdentityFault load(struct MicroHTTPDIdentity *identity, struct MicroHTTPDText chain, struct MicroHTTPDText key,
                                         const struct MicroHTTPDText *authorities) {
    gnutls_datum_t chain_text = datum(chain), key_text = datum(key);
    // Looked at one by one, so that it can be told which of them is at fault.
    gnutls_x509_crt_t *certificates = NULL;
    unsigned int count = 0;
    if (gnutls_x509_crt_list_import2(&certificates, &count, &chain_text, GNUTLS_X509_FMT_PEM, 0) < 0 || count == 0) {
        return microhttpd_chain_unreadable;
    }
    identity->end = gnutls_x509_crt_get_expiration_time(certificates[0]);
    for (unsigned int index = 0; index < count; index++) gnutls_x509_crt_deinit(certificates[index]);
    gnutls_free(certificates);
    gnutls_privkey_t private_key;
    if (gnutls_privkey_init(&private_key) != 0) return microhttpd_identity_failed;
    int code = gnutls_privkey_import_x509_raw(private_key, &key_text, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
    gnutls_privkey_deinit(private_key);
    if (code == GNUTLS_E_DECRYPTION_FAILED || memmem(key.start, key.length, "ENCRYPTED", 9)) return microhttpd_key_encrypted;
    if (code != 0) return microhttpd_key_unreadable;
    if (gnutls_certificate_allocate_credentials(&identity->credentials) != 0) return microhttpd_identity_failed;
    code = gnutls_certificate_set_x509_key_mem2(identity->credentials, &chain_text, &key_text, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) return microhttpd_key_of_another;
    if (code < 0) return microhttpd_identity_failed;
    if (!authorities) return microhttpd_identity_usable;
    gnutls_datum_t authority_text = datum(*authorities);
    identity->asks_clients = 1;
    return gnutls_certificate_set_x509_trust_mem(identity->credentials, &authority_text, GNUTLS_X509_FMT_PEM) > 0
        ? microhttpd_identity_usable
        : microhttpd_authorities_unreadable;
}

struct MicroHTTPDIdentity *microhttpd_identity(struct MicroHTTPDText chain, struct MicroHTTPDText key,
                                               const struct MicroHTTPDText *authorities, enum MicroHTTPDIdentityFault *fault) {
    struct MicroHTTPDIdentity *identity = calloc(1, sizeof *identity);
    *fault = identity ? load(identity, chain, key, authorities) : microhttpd_identity_failed;
    if (*fault == microhttpd_identity_usable) return identity;
    microhttpd_identity_free(identity);
    return NULL;
}

void microhttpd_identity_free(struct MicroHTTPDIdentity *identity) {
    if (!identity) return;
    if (identity->credentials) gnutls_certificate_free_credentials(identity->credentials);
    free(identity);
}

int64_t microhttpd_identity_end(const struct MicroHTTPDIdentity *identity) {
    return identity->end;
}

static gnutls_session_t session_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? (gnutls_session_t)info->tls_session : NULL;
}

int microhttpd_use_identity(struct MHD_Connection *connection, const struct MicroHTTPDIdentity *identity) {
    gnutls_session_t session = session_of(connection);
    if (!session || gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity->credentials) != 0) return 0;
    if (identity->asks_clients) gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    return 1;
}

// The library wants to know a certificate when it starts; each connection is given its own before its handshake.
int microhttpd_no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                              const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
                              unsigned int *chain_length, gnutls_privkey_t *key) {
    (void)session, (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count, (void)chain, (void)chain_length;
    (void)key;
    return -1;
}

static int is_name(const char *text, size_t length) {
    if (length == 0) return 0;
    for (size_t index = 0; index < length; index++) {
        if (text[index] <= 0x20 || text[index] >= 0x7F) return 0;
    }
    return 1;
}

// Adds the alternative names of a kind to a list with blanks between them; gives the length of the list.
static size_t add_alternatives(gnutls_x509_crt_t certificate, gnutls_x509_subject_alt_name_t kind, char *names, size_t used,
                               size_t capacity) {
    for (unsigned int index = 0; index < 64; index++) {
        char name[256];
        size_t length = sizeof name;
        int found = gnutls_x509_crt_get_subject_alt_name(certificate, index, name, &length, NULL);
        if (found == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) break;
        if (found != (int)kind || !is_name(name, length) || used + length + 2 > capacity) continue;
        if (used > 0) names[used++] = ' ';
        memcpy(names + used, name, length);
        used += length;
    }
    names[used] = 0;
    return used;
}

static int names_of(gnutls_x509_crt_t certificate, char *names, size_t capacity) {
    size_t used = add_alternatives(certificate, GNUTLS_SAN_DNSNAME, names, 0, capacity);
    used = add_alternatives(certificate, GNUTLS_SAN_URI, names, used, capacity);
    used = add_alternatives(certificate, GNUTLS_SAN_RFC822NAME, names, used, capacity);
    if (used > 0) return 1;
    size_t length = capacity;
    return gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, names, &length) == 0
        && is_name(names, strlen(names)) && strlen(names) == length;
}

enum MicroHTTPDClient microhttpd_client(struct MHD_Connection *connection, char *names, size_t capacity, int64_t *end) {
    gnutls_session_t session = session_of(connection);
    unsigned int count = 0, status = 0;
    const gnutls_datum_t *shown = session ? gnutls_certificate_get_peers(session, &count) : NULL;
    if (!shown || count == 0) return microhttpd_client_shows_none;
    gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0};
    if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) != 0) return microhttpd_client_not_trusted;
    if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) return microhttpd_client_out_of_date;
    if (status & GNUTLS_CERT_PURPOSE_MISMATCH) return microhttpd_client_of_other_purpose;
    if (status != 0) return microhttpd_client_not_trusted;
    gnutls_x509_crt_t certificate;
    if (gnutls_x509_crt_init(&certificate) != 0) return microhttpd_client_not_trusted;
    int is_found = 0;
    if (gnutls_x509_crt_import(certificate, &shown[0], GNUTLS_X509_FMT_DER) == 0) {
        is_found = names_of(certificate, names, capacity);
        *end = gnutls_x509_crt_get_expiration_time(certificate);
    }
    gnutls_x509_crt_deinit(certificate);
    return is_found ? microhttpd_client_named : microhttpd_client_without_name;
}
