// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CContract

/// The contract of this build.
public enum Contract {
    /// The text of `openapi.yaml`, UTF-8.
    public static let openAPI = Array(
        UnsafeBufferPointer(start: cosem_gateway_contract, count: cosem_gateway_contract_length)
    )
}
