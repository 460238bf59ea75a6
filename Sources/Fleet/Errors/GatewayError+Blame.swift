// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

extension GatewayError {
    /// Who has to change something for the request to succeed.
    public var party: Party {
        switch self {
        case .malformedJSON, .invalidMember, .unknownParameter, .badParameter, .badOBIS, .idempotencyKeyMissing,
            .authenticationRequired, .tokenExpired, .tokenInvalid, .insufficientScope, .meterProtected,
            .liveReadNotAllowed, .notFound, .meterUnknown, .channelUnknown, .associationUnknown, .objectUndefined,
            .ordersOnly, .notSupported, .notATextMeter, .readoutUnreadable, .readoutOfAnotherMeter,
            .attributeUndefined, .profileUnknown, .noDisconnector, .jobUnknown, .jobPurged, .ambiguousObject,
            .unexpectedState, .wrongState, .notAllowedByControlMode, .adjustmentTooLarge, .clockAmbiguous,
            .captureBoundary, .secretsPending, .idempotencyInFlight, .outsideOrderWindow, .orderExpired,
            .orderUnconfirmed,
            .confirmationMismatch, .confirmationRefused,
            .jobNotFinished, .expectationFailed, .inUse, .alreadyExists, .etagMismatch, .preconditionRequired,
            .typeMismatch, .typeRequired, .valueOutOfRange, .badRecurrence, .rangeNotSupported,
            .idempotencyKeyReused, .objectClassInconsistent, .meterLocked, .rateLimited, .orderLimit, .notCached:
            .caller
        case .invocationCounterRejected(_, let problem): problem.party
        case .deniedByMeter, .objectUnavailable, .associationRejected, .authenticationFailedAtMeter,
            .decipheringFailed, .protocolError, .meterHardwareFault, .meterRefused, .imageRejected,
            .exceptionResponse, .meterTemporaryFailure, .meterBusy, .meterTimeout, .verificationFailed,
            .orderNotCarriedOut:
            .meter
        case .meterRefusedConnection, .meterUnreachable, .connectionLost, .outcomeUnknown, .circuitOpen,
            .meterNotConnected:
            .network
        case .ordersHeld, .confirmationUnavailable, .internal, .lineBusy, .queueFull, .heldElsewhere, .draining,
            .storeUnavailable, .waitExceeded:
            .gateway
        }
    }

    /// Whether the same request may succeed later without a change; never true where repeating could act twice.
    public var isRetryable: Bool {
        switch self {
        case .objectUnavailable, .idempotencyInFlight, .jobNotFinished, .rateLimited, .orderLimit, .internal,
            .meterRefusedConnection, .meterTemporaryFailure, .meterBusy, .lineBusy, .queueFull, .circuitOpen,
            .heldElsewhere, .draining, .storeUnavailable, .connectionLost, .meterUnreachable, .meterTimeout,
            .waitExceeded,
            .meterLocked, .secretsPending, .meterNotConnected, .ordersHeld, .outsideOrderWindow:
            true
        case .captureBoundary(_, _, let until): until != nil
        case .malformedJSON, .invalidMember, .unknownParameter, .badParameter, .badOBIS, .idempotencyKeyMissing,
            .authenticationRequired, .tokenExpired, .tokenInvalid, .insufficientScope, .meterProtected,
            .liveReadNotAllowed, .deniedByMeter, .notFound, .meterUnknown, .channelUnknown, .associationUnknown,
            .objectUndefined, .attributeUndefined, .profileUnknown, .noDisconnector, .jobUnknown, .jobPurged,
            .ambiguousObject, .unexpectedState, .wrongState, .notAllowedByControlMode, .adjustmentTooLarge,
            .clockAmbiguous, .imageRejected, .expectationFailed, .inUse, .alreadyExists, .etagMismatch,
            .preconditionRequired, .typeMismatch,
            .typeRequired, .valueOutOfRange, .badRecurrence, .rangeNotSupported, .idempotencyKeyReused,
            .objectClassInconsistent, .associationRejected, .authenticationFailedAtMeter, .decipheringFailed,
            .invocationCounterRejected, .protocolError, .meterHardwareFault, .meterRefused, .exceptionResponse,
            .outcomeUnknown, .notCached, .ordersOnly, .notSupported, .verificationFailed, .notATextMeter,
            .readoutUnreadable, .readoutOfAnotherMeter, .orderExpired, .orderUnconfirmed, .confirmationMismatch,
            .confirmationRefused, .confirmationUnavailable, .orderNotCarriedOut:
            false
        }
    }

    /// The moment from which a repetition makes sense, where it is known.
    public var retryAt: Timestamp? {
        switch self {
        case .rateLimited(let moment), .orderLimit(let moment), .circuitOpen(_, let moment): moment
        case .meterLocked(_, _, let moment), .outsideOrderWindow(let moment), .captureBoundary(_, _, let moment): moment
        default: nil
        }
    }
}
