// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

enum APDUEntry {
    /// What is accepted encodes to octets that mean the same, and its parts can be taken apart.
    static func fault(of input: [UInt8]) -> String? {
        guard let apdu = try? APDU(octets: input) else {
            _ = try? APDU.decodingPrefix(of: input[...])
            return nil
        }
        return roundTripFault(of: apdu)
    }

    static func roundTripFault(of apdu: APDU) -> String? {
        let octets = apdu.octets
        if case .dataNotification(let notification) = apdu {
            _ = notification.time
            // A body that is no proper value is a guess; its encoding may happen to be a proper value.
            guard notification.deviations.subtracting(.taggedDateTime).isEmpty else { return nil }
        }
        guard let again = try? APDU(octets: octets) else { return "an APDU encodes to octets that are refused" }
        guard again == apdu else { return "an APDU changes by encoding and decoding" }
        guard again.octets == octets else { return "an APDU encodes differently the second time" }
        return nil
    }
}
