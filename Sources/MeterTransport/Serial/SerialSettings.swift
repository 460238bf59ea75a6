// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// A serial port of this machine, and how it is used.
public struct SerialSettings: Hashable, Sendable {
    /// The device file, such as `/dev/ttyUSB0`.
    public var device: String
    /// Speed and characters when nothing else was agreed with the meter.
    public var format: LineFormat
    /// Whether the driver is to switch the direction of an RS485 transceiver by RTS.
    ///
    /// Adapters that do it themselves need nothing.
    public var usesRS485 = false
    /// Whether what is sent comes back, as from two-wire converters and optical heads, and is to be dropped.
    public var removesEcho = false

    /// Makes settings without switching of direction and without echo.
    public init(device: String, format: LineFormat) {
        self.device = device
        self.format = format
    }
}
