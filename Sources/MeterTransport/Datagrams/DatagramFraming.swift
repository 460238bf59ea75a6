// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What goes into one datagram: one frame of the wrapper (IEC 62056-47), or whatever else is sent at once.
enum DatagramFraming {
    /// The most octets a datagram can have.
    static let longestDatagram = 65_536

    private static let headerLength = 8

    /// Cuts octets that are sent at once into datagrams.
    static func datagrams(_ octets: [UInt8]) -> [ArraySlice<UInt8>] {
        var rest = octets[...]
        var datagrams: [ArraySlice<UInt8>] = []
        while let length = wrapperLength(rest), length < rest.count {
            datagrams.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return rest.isEmpty ? datagrams : datagrams + [rest]
    }

    /// Whether a datagram can be taken: not when it is a piece of a frame of the wrapper, whose rest will never come.
    static func isWhole(_ datagram: [UInt8]) -> Bool {
        guard let length = wrapperLength(datagram[...]) else { return !looksLikeWrapper(datagram[...]) }
        return length == datagram.count
    }

    private static func looksLikeWrapper(_ octets: ArraySlice<UInt8>) -> Bool {
        octets.first == 0
    }

    /// How long the frame of the wrapper at the beginning says it is; nil when there is none.
    private static func wrapperLength(_ octets: ArraySlice<UInt8>) -> Int? {
        let header = Array(octets.prefix(headerLength))
        guard header.count == headerLength, header[0] == 0, header[1] == 1 else { return nil }
        return headerLength + (Int(header[6]) << 8 | Int(header[7]))
    }
}
