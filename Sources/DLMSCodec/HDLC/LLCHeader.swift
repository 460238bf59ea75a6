// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The logical link control header in front of an APDU (IEC 62056-46 §5): destination, source and quality octets.
public enum LLCHeader: Hashable, Sendable {
    /// From the client: E6 E6 00.
    case command
    /// From the server: E6 E7 00.
    case response

    /// The octets on the wire.
    public var octets: [UInt8] {
        switch self {
        case .command: [0xE6, 0xE6, 0x00]
        case .response: [0xE6, 0xE7, 0x00]
        }
    }

    /// How many octets it takes.
    public static let length = 3

    /// Looks for a header at the start of octets; nil when there is none.
    public init?(startOf octets: some Collection<UInt8>) {
        if octets.starts(with: Self.command.octets) {
            self = .command
        } else if octets.starts(with: Self.response.octets) {
            self = .response
        } else {
            return nil
        }
    }
}
