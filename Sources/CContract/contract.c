// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#include "contract.h"

static const unsigned char octets[] = {
#embed "openapi.yaml"
};

const unsigned char *const cosem_gateway_contract = octets;
const size_t cosem_gateway_contract_length = sizeof octets;
