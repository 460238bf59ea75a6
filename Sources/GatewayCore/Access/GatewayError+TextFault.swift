// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet

extension GatewayError {
    /// What callers come to know when the text protocol of IEC 62056-21 fails.
    init(_ fault: TextFault, _ context: ExchangeContext) {
        let meter = context.meter
        switch fault {
        case .identificationUnreadable:
            self = .protocolError(
                meter,
                reason: "what it sent is no identification; the line may have another speed, parity or character length"
            )
        case .speedChangeLost(let baud):
            self = .protocolError(
                meter,
                reason:
                    "nothing readable came after the change to \(baud) Bd; the quirk textSpeedChange limits or forbids it"
            )
        case .damaged(let awaited, let times):
            self = .protocolError(meter, reason: "its \(awaited.inWords) came damaged \(times) times")
        case .passwordRefused(let code):
            self = .authenticationFailedAtMeter(
                meter,
                association: context.association,
                reason: code.map { "it did not take the password: \($0)" } ?? "it did not take the password"
            )
        case .passwordNotMade: self = .notSupported(what: "encrypted passwords (P2) of text meters")
        case .noProgrammingMode:
            self = .notSupported(what: "the programming mode, which this meter does not offer")
        case .noHDLC:
            self = .protocolError(
                meter,
                reason: "its identification does not offer HDLC; the framing iec62056-21 may be the right one"
            )
        case .brokenOff(let awaited):
            self = .protocolError(meter, reason: "it ended the session instead of sending its \(awaited.inWords)")
        case .unexpectedMessage(let awaited):
            self = .protocolError(meter, reason: "it sent another message in place of its \(awaited.inWords)")
        case .malformed(let error, let awaited):
            self = .protocolError(meter, reason: "its \(awaited.inWords) cannot be decoded: \(error)")
        case .onlyListening: self = .notSupported(what: "requests to a meter that only sends by itself")
        }
    }
}

extension TextFault {
    /// What was awaited when it failed; nil when nothing that was sent can have had an effect.
    var awaited: Awaited? {
        switch self {
        case .damaged(let awaited, _), .brokenOff(let awaited),
            .unexpectedMessage(let awaited), .malformed(_, let awaited):
            awaited
        case .identificationUnreadable, .speedChangeLost, .passwordRefused, .passwordNotMade, .noProgrammingMode,
            .noHDLC, .onlyListening:
            nil
        }
    }
}
