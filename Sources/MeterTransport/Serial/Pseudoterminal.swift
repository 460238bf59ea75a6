// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A pseudoterminal of our making, whose following side others open like a serial port.
///
/// We keep that side open ourselves, so that the line stands while nobody else has it.
final class Pseudoterminal: Sendable {
    /// The leading side.
    let descriptor: Int32
    /// The path that others open: the link if there is one.
    let path: String
    private let device: String
    private let kept: Int32
    private let link: String?

    private init(descriptor: Int32, kept: Int32, device: String, link: String?) {
        self.descriptor = descriptor
        self.kept = kept
        self.device = device
        self.link = link
        path = link ?? device
    }

    // TIOCSPTLCK and TIOCGPTN of Linux; unlockpt and ptsname are not declared for us.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    /// Makes a pseudoterminal that passes octets as they are.
    ///
    /// - Parameter link: where a symbolic link to it is put; nil = nowhere.
    /// - Throws: `TransportError` with `.notBound`.
    static func open(link: String?) throws(TransportError) -> Pseudoterminal {
        let descriptor = systemOpen("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw TransportError(.notBound(code: errno)) }
        var isLocked: Int32 = 0
        var number: UInt32 = 0
        guard ioctl(descriptor, Self.setLock, &isLocked) == 0, ioctl(descriptor, Self.getNumber, &number) == 0 else {
            throw failure(closing: [descriptor])
        }
        let device = "/dev/pts/\(number)"
        let kept = systemOpen(device, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard kept >= 0 else { throw failure(closing: [descriptor]) }
        // What is written before anybody sets the line up must not come back.
        var settings = termios()
        guard tcgetattr(kept, &settings) == 0 else { throw failure(closing: [descriptor, kept]) }
        cfmakeraw(&settings)
        guard tcsetattr(kept, TCSANOW, &settings) == 0 else { throw failure(closing: [descriptor, kept]) }
        if let link {
            guard isReplaceable(link) else { throw failure(closing: [descriptor, kept], EEXIST) }
            unlink(link)
            guard symlink(device, link) == 0 else { throw failure(closing: [descriptor, kept]) }
        }
        return Pseudoterminal(descriptor: descriptor, kept: kept, device: device, link: link)
    }

    /// The speed that was set on the following side.
    var baud: UInt32? { TerminalSettings.speed(of: descriptor) }

    /// Another descriptor of the leading side.
    ///
    /// - Throws: `TransportError` with `.notBound`.
    func duplicate() throws(TransportError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw TransportError(.notBound(code: errno)) }
        return copy
    }

    /// Ends the pseudoterminal and removes its link, unless that leads elsewhere by now; called once.
    func close() {
        if let link, Self.target(of: link) == device { unlink(link) }
        systemClose(kept)
        systemClose(descriptor)
    }

    private static func failure(closing descriptors: [Int32], _ code: Int32 = errno) -> TransportError {
        for descriptor in descriptors { systemClose(descriptor) }
        return TransportError(.notBound(code: code))
    }

    /// Whether nothing is at a path, or a link to a pseudoterminal or to nothing.
    private static func isReplaceable(_ path: String) -> Bool {
        guard let target = target(of: path) else { return access(path, F_OK) != 0 }
        return target.hasPrefix("/dev/pts/") || access(path, F_OK) != 0
    }

    private static func target(of link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(link, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
