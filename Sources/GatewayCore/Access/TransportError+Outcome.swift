// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

extension TransportError {
    /// Whether a meter that was to write or to invoke something may have done so, as far as this failure tells.
    ///
    /// Only that nothing was sent, or that the meter itself said no, proves the contrary. What came unreadable, protected too weakly or
    /// a second time proves nothing, and neither does an error that anybody on the way can send in the meter's name.
    var leavesOutcomeOpen: Bool {
        guard transmission == .sent else { return false }
        return switch reason {
        case .answerTimeout(let awaited): awaited.isOutcome
        case .closedByPeer(let awaited): awaited?.isOutcome ?? true
        case .engine(let error): error.leavesOutcomeOpen
        // However the way to the meter ended: something had been sent before.
        case .nameNotResolved, .refused, .connectTimeout, .unreachable, .notBound, .portNotOpened, .tlsRefused,
            .converterRefused, .modem, .notDialledIn, .cancelled:
            true
        }
    }
}

extension EngineError {
    /// Whether what was sent before this error may have taken effect.
    fileprivate var leavesOutcomeOpen: Bool {
        switch self {
        case .linkFailed(_, let awaited), .timeout(let awaited), .malformed(_, let awaited),
            .unexpectedAPDU(_, let awaited):
            awaited.isOutcome
        case .connectionClosed(let awaited): awaited?.isOutcome ?? true
        case .text(let fault): fault.awaited?.isOutcome == true
        case .serverProtectionTooWeak, .decipheringFailed, .replayed, .invocationCounterError, .responseTooLong,
            .cancelled:
            true
        case .exceptionResponse(let exception): exception.serviceError == .decipheringError
        case .confirmedServiceError(let error): error.isDecipheringError
        case .blockTransfer(.aborted): false
        case .blockTransfer: true
        // Before the last octet of the request was sent.
        case .associationRejected, .shortNamesOnly, .authenticationFailed, .authenticationRefused,
            .serverSystemTitleUnknown, .protectionFailed, .countersRefused, .randomnessUnavailable, .requestTooLong,
            .serviceNotAgreed, .methodsUnnamed, .notReady:
            false
        }
    }
}
