// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Puts the prefix that a gateway wants before each APDU, and takes it from the answers.
///
/// Lies between the link, whose other end is the gateway, and everything that the meter behind it gets to see.
struct GatewayLayer: Sendable {
    /// What an APDU from the link is.
    enum Received: Hashable, Sendable {
        /// It comes from the meter.
        case meter([UInt8])
        /// The gateway itself refuses to pass a request on.
        case refusal([UInt8])
        /// It comes from another meter behind the gateway.
        case otherMeter
        /// It has no prefix, so that nobody knows whose it is.
        case unprefixed(tag: UInt8)
        /// Its prefix cannot be decoded.
        case malformed(DecodeError)
    }

    private static let requestTag: UInt8 = 0xE6
    private static let responseTag: UInt8 = 0xE7
    private static let exceptionTag: UInt8 = 0xD8
    private static let serviceErrorTag: UInt8 = 0x0E

    private let address: GatewayAddress

    init(_ address: GatewayAddress) {
        self.address = address
    }

    /// The octets that the prefix adds.
    var overhead: Int { prefixed([]).count }

    /// An APDU on its way to the meter.
    func prefixed(_ apdu: [UInt8]) -> [UInt8] {
        GatewayPrefix(
            isRequest: true,
            networkID: address.networkID,
            physicalDeviceAddress: address.physicalDeviceAddress,
            apdu: apdu
        ).octets
    }

    /// Takes an APDU as it came from the link.
    ///
    /// Notifications may come with the prefix of requests, because nobody asked for them. Without a prefix only refusals
    /// count: an answer of the gateway itself must never pass for one of the meter.
    func received(_ apdu: [UInt8]) -> Received {
        guard let tag = apdu.first else { return .otherMeter }
        switch tag {
        case Self.requestTag, Self.responseTag: break
        case Self.exceptionTag, Self.serviceErrorTag: return .refusal(apdu)
        default: return .unprefixed(tag: tag)
        }
        do throws(DecodeError) {
            var reader = OctetReader(apdu)
            let prefix = try GatewayPrefix(decoding: &reader)
            let isOurs =
                prefix.networkID == address.networkID
                && prefix.physicalDeviceAddress == address.physicalDeviceAddress
            return isOurs ? .meter(prefix.apdu) : .otherMeter
        } catch {
            return .malformed(error)
        }
    }
}
