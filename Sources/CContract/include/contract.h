// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#ifndef COSEM_GATEWAY_CONTRACT_H
#define COSEM_GATEWAY_CONTRACT_H

#include <stddef.h>

/// The octets of openapi.yaml; in C, because an array of this length takes Swift long to compile.
extern const unsigned char *const cosem_gateway_contract;

/// How many there are.
extern const size_t cosem_gateway_contract_length;

#endif
