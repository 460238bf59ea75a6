// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Drops what comes back of our own octets on a line that two wires or an optical head make hear itself.
///
/// As soon as something comes that is not what was sent, there was no echo, and everything counts as received.
struct EchoRemoval {
    /// What was sent and may come back.
    private var expected: [UInt8] = []
    /// How much of it has come back.
    private var matched = 0

    /// Octets were sent.
    mutating func sent(_ octets: [UInt8]) {
        expected.removeFirst(matched)
        matched = 0
        expected += octets
    }

    /// Returns what is left of the octets that came.
    mutating func received(_ octets: [UInt8]) -> [UInt8] {
        for (index, octet) in octets.enumerated() {
            guard matched < expected.count else {
                forget()
                return Array(octets[index...])
            }
            guard octet == expected[matched] else {
                let all = expected[..<matched] + octets[index...]
                forget()
                return Array(all)
            }
            matched += 1
        }
        return []
    }

    /// Nothing is expected any more.
    mutating func forget() {
        expected = []
        matched = 0
    }
}
