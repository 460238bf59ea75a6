/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* Macros that Swift cannot read. */
static const int EVP_PKEY_SELECT_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY;
static const int EVP_PKEY_SELECT_KEYPAIR = EVP_PKEY_KEYPAIR;

/* Names whose address OpenSSL keeps: a Swift string would have none that lasts. */
static const char *const PARAMETER_NAME_GROUP = OSSL_PKEY_PARAM_GROUP_NAME;
static const char *const PARAMETER_NAME_PUBLIC_KEY = OSSL_PKEY_PARAM_PUB_KEY;
static const char *const PARAMETER_NAME_PRIVATE_KEY = OSSL_PKEY_PARAM_PRIV_KEY;
static const unsigned long NAME_FORM_RFC2253 = XN_FLAG_RFC2253;
