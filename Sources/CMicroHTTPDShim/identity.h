// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

// What the files of this target share.
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

int microhttpd_no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                              const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
                              unsigned int *chain_length, gnutls_privkey_t *key);
