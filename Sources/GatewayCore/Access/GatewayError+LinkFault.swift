// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Fleet

extension GatewayError {
    /// What callers come to know of a failure of the HDLC link below an association.
    init(_ fault: EngineError.LinkFault, _ awaited: Awaited, _ context: ExchangeContext) {
        let meter = context.meter
        switch fault {
        // Nothing was wrong but the time between two requests.
        case .disconnected: self = .connectionLost(meter, waitingFor: awaited.inWords)
        case .notReady: self = .meterTimeout(meter, waitingFor: awaited.inWords, after: context.timeouts.response)
        case .refused:
            self = .protocolError(
                meter,
                reason: "it refuses an HDLC link (DM or FRMR to SNRM), with parameters and without; "
                    + "another client may hold it"
            )
        case .frameRejected(let reject?):
            self = .protocolError(
                meter,
                reason: "it refused the HDLC frame \(reject.rejectedControl.name): \(reject.reasons.inWords)"
            )
        case .frameRejected(nil): self = .protocolError(meter, reason: "it refused an HDLC frame (FRMR)")
        case .tooLong: self = .protocolError(meter, reason: "the HDLC frames of one answer do not end")
        }
    }
}

extension HDLCFrameReject.Reasons {
    /// Why a frame was refused, for people.
    fileprivate var inWords: String {
        let words: [(HDLCFrameReject.Reasons, String)] = [
            (.invalidControl, "unknown control field"),
            (.unexpectedInformation, "information where there must be none"),
            (.informationTooLong, "too long; the quirk linkFrameLength offers less"),
            (.invalidReceiveNumber, "wrong number of the next frame"),
        ]
        let named = words.filter { contains($0.0) }.map(\.1)
        return named.isEmpty ? "no reason given" : named.joined(separator: ", ")
    }
}
