// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a modem says in answer to a command.
enum ModemResult: Hashable, Sendable {
    case ok
    case error
    /// The other side has answered; the speed if the modem tells it, in bits per second.
    case connect(speed: UInt32?)
    case busy
    case noAnswer
    case noCarrier
    case noDialTone
    case dialForbidden

    /// Reads a line without its end; nil for what is no result: an echo, `RING`, or what a command reports.
    init?(_ line: some Collection<UInt8>) {
        let text = String(decoding: line, as: UTF8.self).uppercased()
        switch text {
        case "OK": self = .ok
        case "ERROR": self = .error
        case "BUSY": self = .busy
        case "NO ANSWER": self = .noAnswer
        case "NO CARRIER": self = .noCarrier
        case "NO DIALTONE", "NO DIAL TONE": self = .noDialTone
        case "BLACKLISTED", "DELAYED": self = .dialForbidden
        case "CONNECT": self = .connect(speed: nil)
        default:
            let connect = "CONNECT "
            if text.hasPrefix(connect) {
                self = .connect(speed: UInt32(text.dropFirst(connect.count).prefix { $0.isASCII && $0.isNumber }))
            } else if text.hasPrefix("+CME ERROR") || text.hasPrefix("+CMS ERROR") {
                self = .error
            } else {
                return nil
            }
        }
    }
}
