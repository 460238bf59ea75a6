// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What termios is asked, and told, about a terminal; none of it waits.
enum TerminalSettings {
    /// Makes a terminal pass octets as they are, in a format.
    ///
    /// - Throws: `PortFault.formatRefused`, `PortFault.notASerialPort`, `PortFault.failed`.
    static func apply(_ format: LineFormat, to descriptor: Int32) throws(PortFault) {
        guard let code = SerialSpeed.code(of: format.baud) else { throw .formatRefused(format) }
        var settings = try current(descriptor)
        cfmakeraw(&settings)
        guard cfsetspeed(&settings, code) == 0 else { throw .formatRefused(format) }
        settings.c_cflag &= ~(tcflag_t(CSIZE) | tcflag_t(PARENB) | tcflag_t(PARODD) | tcflag_t(CSTOPB))
        settings.c_cflag &= ~tcflag_t(CRTSCTS)
        settings.c_cflag |= tcflag_t(CREAD) | tcflag_t(CLOCAL) | tcflag_t(format.dataBits == 7 ? CS7 : CS8)
        if format.stopBits == 2 { settings.c_cflag |= tcflag_t(CSTOPB) }
        settings.c_iflag &= ~(tcflag_t(INPCK) | tcflag_t(IXOFF) | tcflag_t(IXANY))
        switch format.parity {
        case .none: break
        // A character with wrong parity is read as 0, which no check sequence forgives.
        case .even:
            settings.c_cflag |= tcflag_t(PARENB)
            settings.c_iflag |= tcflag_t(INPCK)
        case .odd:
            settings.c_cflag |= tcflag_t(PARENB) | tcflag_t(PARODD)
            settings.c_iflag |= tcflag_t(INPCK)
        }
        // Nothing to read is then told from the end of the line.
        withUnsafeMutableBytes(of: &settings.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        // A pseudoterminal keeps its 8 bits without parity, and calls it invalid when that is all there was to change.
        guard tcsetattr(descriptor, TCSANOW, &settings) == 0 || errno == EINVAL && isPseudoterminal(descriptor) else {
            throw .failed(code: errno)
        }
        // Success only says that something was set.
        let taken = try current(descriptor)
        guard cfgetospeed(&settings) == code, speed(taken) == format.baud else { throw .formatRefused(format) }
        let characters = tcflag_t(CSIZE) | tcflag_t(PARENB) | tcflag_t(PARODD)
        guard isPseudoterminal(descriptor) || taken.c_cflag & characters == settings.c_cflag & characters else {
            throw .formatRefused(format)
        }
    }

    /// The speed of a terminal, of the other side's for the leading side of a pseudoterminal; nil if it has none.
    static func speed(of descriptor: Int32) -> UInt32? {
        (try? current(descriptor)).flatMap { speed($0) }
    }

    private static func speed(_ settings: termios) -> UInt32? {
        var settings = settings
        return SerialSpeed.baud(of: cfgetospeed(&settings))
    }

    private static func current(_ descriptor: Int32) throws(PortFault) -> termios {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else {
            throw errno == ENOTTY ? .notASerialPort : .failed(code: errno)
        }
        return settings
    }

    /// Whether a terminal is the following side of a pseudoterminal, whose characters always have 8 bits.
    static func isPseudoterminal(_ descriptor: Int32) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        // The device numbers of Linux for /dev/pts.
        let major = (status.st_rdev >> 8) & 0xFFF
        return (136...143).contains(major)
    }
}
