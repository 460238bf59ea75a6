// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// Makes the identifiers of requests: random per process, counted within it.
enum RequestIdentifier {
    private static let prefix = Array((String(UInt64.random(in: 1 << 60...UInt64.max), radix: 16) + "-").utf8)
    private static let counter = Atomic<UInt64>(0)

    /// The caller's identifier if it is 1 to 128 letters, digits or `._~:+/=-`, else a new one.
    static func identifier(proposed: String?) -> String {
        if let proposed, (1...128).contains(proposed.utf8.count), proposed.utf8.allSatisfy(isAllowed) {
            return proposed
        }
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let digits = max(1, (67 - number.leadingZeroBitCount) / 4)
        return String(unsafeUninitializedCapacity: prefix.count + digits) { octets in
            var place = octets.initialize(fromContentsOf: prefix)
            for digit in (0..<digits).reversed() {
                let value = UInt8(truncatingIfNeeded: number >> UInt64(4 * digit)) & 0xF
                octets.initializeElement(at: place, to: value < 10 ? 0x30 + value : 0x57 + value)
                place += 1
            }
            return place
        }
    }

    private static func isAllowed(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "+"),
            UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
