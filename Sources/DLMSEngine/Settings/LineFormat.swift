// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How a serial line carries characters: its speed, and the bits of each character.
public struct LineFormat: Hashable, Sendable {
    /// The speed in bits per second.
    public var baud: UInt32
    /// The number of data bits, 7 or 8.
    public var dataBits: UInt8
    /// The parity bit.
    public var parity: LineParity
    /// The number of stop bits, 1 or 2.
    public var stopBits: UInt8

    /// Makes a format; by default 9600 bits per second, 8 data bits, no parity, 1 stop bit.
    public init(baud: UInt32 = 9600, dataBits: UInt8 = 8, parity: LineParity = .none, stopBits: UInt8 = 1) {
        self.baud = baud
        self.dataBits = dataBits
        self.parity = parity
        self.stopBits = stopBits
    }

    /// How long octets take on the line, with start bit, parity bit and stop bits.
    public func duration(ofOctets count: Int) -> Duration {
        let bits = 1 + Int64(dataBits) + (parity == .none ? 0 : 1) + Int64(stopBits)
        return .microseconds(Int64(count) * bits * 1_000_000 / Int64(max(baud, 1)))
    }
}

/// The parity bit of the characters of a serial line.
public enum LineParity: String, CaseIterable, Hashable, Sendable {
    /// There is none.
    case none
    /// Makes the number of ones even.
    case even
    /// Makes the number of ones odd.
    case odd
}
