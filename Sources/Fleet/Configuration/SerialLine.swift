// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A serial port and its settings.
public struct SerialLine: Hashable, Sendable {
    /// The device file.
    public var device: String
    /// The speed, and what characters look like.
    public var format: SerialFormat
    /// Whether the driver is to switch the direction of an RS485 transceiver.
    public var usesRS485: Bool
    /// Whether what is sent comes back and is to be dropped.
    public var hasEcho: Bool

    /// Makes a serial line; by default 9600 bits per second, 8 data bits, no parity, 1 stop bit.
    public init(
        device: String,
        format: SerialFormat = SerialFormat(),
        usesRS485: Bool = false,
        hasEcho: Bool = false
    ) {
        self.device = device
        self.format = format
        self.usesRS485 = usesRS485
        self.hasEcho = hasEcho
    }
}

/// The speed of a serial line, and what its characters look like.
public struct SerialFormat: Hashable, Sendable {
    /// The speed in bits per second.
    public var baud: UInt32
    /// The parity bit.
    public var parity: Parity
    /// The number of data bits, 7 or 8.
    public var dataBits: UInt8
    /// The number of stop bits, 1 or 2.
    public var stopBits: UInt8

    /// Makes a format; by default 9600 bits per second, 8 data bits, no parity, 1 stop bit.
    public init(baud: UInt32 = 9600, parity: Parity = .none, dataBits: UInt8 = 8, stopBits: UInt8 = 1) {
        self.baud = baud
        self.parity = parity
        self.dataBits = dataBits
        self.stopBits = stopBits
    }

    /// The parity bit of a serial line.
    public enum Parity: String, CaseIterable, Hashable, Sendable {
        /// There is none.
        case none
        /// Makes the number of ones even.
        case even
        /// Makes the number of ones odd.
        case odd
    }
}
