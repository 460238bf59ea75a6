// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

extension TransportError {
    /// The outcome of an exchange that ended with this error.
    var outcome: SessionMetrics.Outcome {
        switch reason {
        case .answerTimeout, .connectTimeout, .notDialledIn: .timeout
        case .closedByPeer, .nameNotResolved, .refused, .unreachable, .notBound, .portNotOpened, .tlsRefused,
            .converterRefused,
            .modem:
            .closed
        case .engine: .refused
        case .cancelled: .cancelled
        }
    }

    /// Why there is no association when opening one ended with this error.
    var associationFailure: SessionMetrics.AssociationFailure {
        switch reason {
        case .nameNotResolved: .nameNotResolved
        case .refused: .refused
        case .connectTimeout, .unreachable, .notBound, .portNotOpened, .tlsRefused, .converterRefused, .modem,
            .notDialledIn:
            .unreachable
        case .answerTimeout: .timeout
        case .closedByPeer: .closed
        case .cancelled: .cancelled
        case .engine(.associationRejected), .engine(.linkFailed): .rejected
        case .engine: .malformed
        }
    }

    /// Whether a session that was open before may simply have been lost, so that the request deserves a new one.
    ///
    /// A meter that ended the association on its own says so (service-not-allowed, DM), closes, or is silent.
    var suggestsLostSession: Bool {
        switch reason {
        case .closedByPeer, .answerTimeout, .engine(.linkFailed(.disconnected, _)): true
        case .engine(.exceptionResponse(let exception)): exception.stateError == .serviceNotAllowed
        default: false
        }
    }
}

extension SessionError {
    /// Why there is no association when opening one ended with this error; nil when it was never tried.
    var associationFailure: SessionMetrics.AssociationFailure? {
        switch self {
        case .transport(let error): error.associationFailure
        case .counters: .noCounters
        case .deadlinePassed, .cancelled, .queueFull, .breakerOpen, .channelHeld, .channelDraining, .draining,
            .heldElsewhere, .unknownAssociation:
            nil
        }
    }
}
