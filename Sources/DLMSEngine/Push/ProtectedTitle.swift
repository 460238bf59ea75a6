// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Reads who sent a protected APDU, which stands in clear in front of what is protected.
enum ProtectedTitle {
    private static let length = 8

    static func title(of apdu: [UInt8]) -> [UInt8]? {
        let title: [UInt8]? =
            switch apdu.first {
            case 0xDB, 0xDC: (try? GeneralKeyCiphering(octets: apdu))?.systemTitle
            case 0xDD: (try? GeneralCiphering(octets: apdu))?.header.originatorSystemTitle
            case 0xDF: (try? GeneralSigning(octets: apdu))?.header.originatorSystemTitle
            default: nil
            }
        guard let title, title.count == length else { return nil }
        return title
    }
}
