// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

extension GatewayError {
    /// The meter it is about, if it is about one.
    public var meter: MeterID? {
        if let target { return target.meter }
        return switch self {
        case .meterProtected(let meter), .liveReadNotAllowed(let meter), .associationUnknown(let meter, _, _),
            .profileUnknown(let meter, _), .noDisconnector(let meter), .unexpectedState(let meter, _, _),
            .notAllowedByControlMode(let meter, _, _), .adjustmentTooLarge(let meter, _, _),
            .clockAmbiguous(let meter, _), .captureBoundary(let meter, _, _), .secretsPending(let meter),
            .imageRejected(let meter, _),
            .meterLocked(let meter, _, _), .associationRejected(let meter, _, _, _),
            .authenticationFailedAtMeter(let meter, _, _), .decipheringFailed(let meter, _),
            .invocationCounterRejected(let meter, _), .protocolError(let meter, _), .connectionLost(let meter, _),
            .meterRefusedConnection(let meter, _), .exceptionResponse(let meter, _, _),
            .outcomeUnknown(let meter, _), .meterBusy(let meter), .lineBusy(let meter, _), .queueFull(let meter, _),
            .circuitOpen(let meter, _), .meterUnreachable(let meter, _, _), .meterTimeout(let meter, _, _),
            .notCached(let meter), .notATextMeter(let meter), .readoutOfAnotherMeter(let meter, _),
            .meterNotConnected(let meter, _, _), .orderNotCarriedOut(let meter, _):
            meter
        case .waitExceeded(let meter, _), .heldElsewhere(let meter): meter
        default: nil
        }
    }

    /// Whether another gateway has to do it.
    public var isHeldElsewhere: Bool {
        if case .heldElsewhere = self { true } else { false }
    }

    /// The object it is about, if it is about one.
    public var target: ObjectTarget? {
        switch self {
        case .deniedByMeter(let target, _), .objectUndefined(let target, _), .objectUnavailable(let target, _),
            .attributeUndefined(let target, _, _), .ambiguousObject(let target, _), .expectationFailed(let target),
            .typeMismatch(let target, _, _), .typeRequired(let target), .rangeNotSupported(let target, _),
            .objectClassInconsistent(let target, _), .meterHardwareFault(let target, _),
            .meterRefused(let target, _), .meterTemporaryFailure(let target, _), .ordersOnly(let target),
            .verificationFailed(let target):
            target
        default: nil
        }
    }

    /// The code the meter answered with, if it did.
    public var dlms: DLMSOutcome? {
        switch self {
        case .deniedByMeter(_, let outcome), .meterHardwareFault(_, let outcome), .meterRefused(_, let outcome),
            .meterTemporaryFailure(_, let outcome):
            outcome
        case .objectUndefined(_, let outcome), .objectUnavailable(_, let outcome), .typeMismatch(_, let outcome, _),
            .objectClassInconsistent(_, let outcome):
            outcome
        default: nil
        }
    }

    /// The place in the body it is about, if it is about one.
    public var pointer: JSONPointer? {
        switch self {
        case .malformedJSON(let error): error.pointer
        case .invalidMember(let error): error.pointer
        case .valueOutOfRange(let pointer, _): pointer
        default: nil
        }
    }

    /// The nearest word that would have been right, if there is one near.
    public var suggestion: String? {
        switch self {
        case .invalidMember(let error): error.suggestion
        case .unknownParameter(_, let suggestion), .badParameter(_, _, let suggestion), .badOBIS(_, let suggestion),
            .attributeUndefined(_, _, let suggestion), .channelUnknown(_, let suggestion):
            suggestion
        case .associationUnknown(_, let name, let known): nearest(name, in: known)
        default: nil
        }
    }
}
