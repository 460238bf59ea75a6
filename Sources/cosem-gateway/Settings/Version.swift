// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What this build calls itself.
enum Version {
    /// The semantic version, equal to `info.version` of the contract.
    static let text = "0.1.0"
}
