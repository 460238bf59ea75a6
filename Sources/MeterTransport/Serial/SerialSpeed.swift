// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The speeds of serial ports, with the numbers that termios knows them by.
public enum SerialSpeed {
    private static let codes: [(baud: UInt32, code: speed_t)] = [
        (50, speed_t(B50)), (75, speed_t(B75)), (110, speed_t(B110)), (134, speed_t(B134)), (150, speed_t(B150)),
        (200, speed_t(B200)), (300, speed_t(B300)), (600, speed_t(B600)), (1200, speed_t(B1200)),
        (1800, speed_t(B1800)), (2400, speed_t(B2400)), (4800, speed_t(B4800)), (9600, speed_t(B9600)),
        (19_200, speed_t(B19200)), (38_400, speed_t(B38400)), (57_600, speed_t(B57600)),
        (115_200, speed_t(B115200)), (230_400, speed_t(B230400)), (460_800, speed_t(B460800)),
        (500_000, speed_t(B500000)), (576_000, speed_t(B576000)), (921_600, speed_t(B921600)),
        (1_000_000, speed_t(B1000000)),
    ]

    /// The speeds in bits per second, ascending.
    public static let standard: [UInt32] = codes.map(\.baud)

    /// The number of a speed; nil for a speed that is not a standard one.
    static func code(of baud: UInt32) -> speed_t? {
        codes.first { $0.baud == baud }?.code
    }

    /// The speed of a number; nil for an unknown one.
    static func baud(of code: speed_t) -> UInt32? {
        codes.first { $0.code == code }?.baud
    }
}
