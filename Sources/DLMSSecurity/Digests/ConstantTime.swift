// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Comparison of what an attacker may probe.
enum ConstantTime {
    /// Compares in a time that depends on the lengths only.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices {
            difference |= left[index] ^ right[index]
        }
        return difference == 0
    }
}
