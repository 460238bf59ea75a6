// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// Why a serial port cannot be used.
public enum PortFault: Error, Hashable, Sendable {
    /// There is no such device: a wrong path, or not plugged in.
    case notFound
    /// We may not open it; usually only the members of the group `dialout` may.
    case permissionDenied
    /// Another program has it.
    case inUse
    /// It is something else than a serial port.
    case notASerialPort
    /// It does not have this speed, or these characters.
    case formatRefused(LineFormat)
    /// Its driver cannot switch the direction of an RS485 transceiver.
    case rs485Refused
    /// Something else, with the system's error number.
    case failed(code: Int32)
}
