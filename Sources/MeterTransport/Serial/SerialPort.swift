// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An open serial port that no other program uses; its calls may wait, so they belong on a thread for that.
///
/// What waits is said there; the descriptor is only closed by ``close()``, which is called after everything else and does not wait.
final class SerialPort: Sendable {
    private let descriptor: Int32
    private let isClosed = Atomic(false)

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Opens a port for us alone and empties its buffers, which may wait for the driver.
    ///
    /// - Throws: `PortFault`.
    static func open(_ settings: SerialSettings) throws(PortFault) -> SerialPort {
        guard SerialSpeed.code(of: settings.format.baud) != nil else { throw .formatRefused(settings.format) }
        // Without waiting for a carrier, which nobody on a line of meters gives.
        let descriptor = systemOpen(settings.device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault(of: errno) }
        do {
            try prepare(descriptor, settings)
        } catch {
            systemClose(descriptor)
            throw error
        }
        return SerialPort(descriptor)
    }

    private static func prepare(_ descriptor: Int32, _ settings: SerialSettings) throws(PortFault) {
        guard isatty(descriptor) == 1 else { throw .notASerialPort }
        guard lock(descriptor) else { throw .inUse }
        // Pseudoterminals would keep this beyond our closing them.
        if !TerminalSettings.isPseudoterminal(descriptor) {
            guard ioctl(descriptor, UInt(TIOCEXCL)) == 0 else { throw .failed(code: errno) }
        }
        try TerminalSettings.apply(settings.format, to: descriptor)
        if settings.usesRS485 { try useRS485(descriptor) }
        tcflush(descriptor, TCIOFLUSH)
    }

    /// Takes the port for us alone; waits a moment for whoever is just giving it back.
    private static func lock(_ descriptor: Int32) -> Bool {
        for attempt in 0..<20 {
            if attempt > 0 { usleep(25_000) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        }
        return false
    }

    /// Lets the driver raise RTS while it sends (struct serial_rs485 of Linux: flags, two delays, room for more).
    private static func useRS485(_ descriptor: Int32) throws(PortFault) {
        let enabled: UInt32 = 1
        let raisesWhileSending: UInt32 = 2
        var settings = [UInt32](repeating: 0, count: 8)
        settings[0] = enabled | raisesWhileSending
        let result = settings.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { ioctl(descriptor, UInt(TIOCSRS485), $0) } ?? -1
        }
        guard result == 0 else { throw .rs485Refused }
    }

    private static func fault(of code: Int32) -> PortFault {
        switch code {
        case ENOENT, ENXIO, ENODEV: .notFound
        case EACCES, EPERM: .permissionDenied
        case EBUSY: .inUse
        default: .failed(code: code)
        }
    }

    /// Another descriptor of the port.
    ///
    /// - Throws: `PortFault.failed`.
    func duplicate() throws(PortFault) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .failed(code: errno) }
        return copy
    }

    /// Waits until everything written has left, then changes the format.
    ///
    /// - Throws: `PortFault.formatRefused`, `PortFault.failed`.
    func change(to format: LineFormat) throws(PortFault) {
        guard tcdrain(descriptor) == 0 else { throw .failed(code: errno) }
        try TerminalSettings.apply(format, to: descriptor)
    }

    /// Forgets what was received and not read yet; does not wait.
    func flushInput() {
        tcflush(descriptor, TCIFLUSH)
    }

    /// Gives the port back, and forgets what was not sent.
    func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        tcflush(descriptor, TCIOFLUSH)
        _ = ioctl(descriptor, UInt(TIOCNXCL))
        systemClose(descriptor)
    }
}
