// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

extension GatewayError {
    /// One sentence on this occurrence, for people; holds no secret and nothing of the gateway's inside.
    public var detail: String {
        switch self {
        case .malformedJSON(let error): "The body is not JSON: \(error)."
        case .invalidMember(let error): "\(error)."
        case .unknownParameter(let name, _): "There is no parameter \(name) here."
        case .badParameter(let name, let reason, _): "The parameter \(name) is not acceptable: \(reason)."
        case .badOBIS(let text, _): "\(text) is neither an OBIS code nor an alias."
        case .idempotencyKeyMissing: "This request needs a header Idempotency-Key that is not empty."
        case .authenticationRequired: "This request needs credentials."
        case .tokenExpired: "The credentials have expired."
        case .tokenInvalid(let reason): "The credentials are not valid: \(reason)."
        case .insufficientScope(let scope): "The credentials lack the scope \(scope)."
        case .meterProtected(let meter): "Meter \(meter) is protected against orders."
        case .liveReadNotAllowed(let meter): "These credentials may not make meter \(meter) be read."
        case .deniedByMeter(let target, let outcome): "The meter denied access to \(target): \(outcome)."
        case .ordersOnly(let target): "The \(target) switches supply, or may; only an order may do that."
        case .notFound(let what): "There is no \(what)."
        case .meterUnknown(let text): "There is no meter \(text)."
        case .channelUnknown(let text, _): "There is no channel or channel group \(text)."
        case .associationUnknown(let meter, let name, let known):
            "Meter \(meter) has no association \(name); it has \(known.joined(separator: ", "))."
        case .objectUndefined(let target, _): "There is no \(target)."
        case .objectUnavailable(let target, _): "The meter cannot give \(target) now."
        case .attributeUndefined(let target, let name, _): "There is no \(name) in \(target)."
        case .profileUnknown(let meter, let text): "Meter \(meter) has no profile \(text)."
        case .noDisconnector(let meter): "Meter \(meter) has no disconnect control object."
        case .jobUnknown(let text): "There is no job \(text)."
        case .jobPurged(let text): "Job \(text) has ended long ago and its record was removed."
        case .ambiguousObject(let target, let classes):
            "Several classes have \(target): \(classes.map(String.init).joined(separator: ", "))."
        case .ordersHeld: "Orders that switch supply are held by an operator; nothing was sent."
        case .outsideOrderWindow(let moment):
            "Disconnections are not allowed now" + (moment.map { ", but from \($0) on." } ?? ".")
        case .orderExpired(let job): "Order \(job) expired before it could be sent; nothing was sent."
        case .orderUnconfirmed(let job): "Order \(job) was not confirmed in time; nothing was sent."
        case .confirmationMismatch(let job, let reason): "Order \(job) was not confirmed: \(reason)."
        case .confirmationRefused(let job, let reason): "Order \(job) cannot be confirmed by this caller: \(reason)."
        case .confirmationUnavailable:
            "Orders need a second principal here, and callers of this gateway are not authenticated."
        case .orderNotCarriedOut(let meter, let state):
            "The order was sent to meter \(meter) once, and its disconnector is still \(state)."
        case .unexpectedState(let meter, let expected, let actual):
            "The disconnector of meter \(meter) is \(actual), not \(expected); nothing was sent."
        case .wrongState(let job, let state, let operation): "Job \(job) is \(state), which allows no \(operation)."
        case .notAllowedByControlMode(let meter, let mode, let order):
            "Control mode \(mode) of meter \(meter) does not allow a remote \(order)."
        case .adjustmentTooLarge(let meter, let offset, let allowed):
            "The clock of meter \(meter) is off by \(offset.iso8601), more than \(allowed.iso8601)."
        case .captureBoundary(let meter, let period, let until):
            "The clock of meter \(meter) was not set: it would pass a moment at which rows are captured, one of every \(period) s"
                + (until.map { "; from \($0.rfc3339) on it does not." } ?? ", whenever it is set.")
        case .clockAmbiguous(let meter, let reason): "The clock of meter \(meter) was not set: \(reason)."
        case .secretsPending(let meter):
            "New keys or passwords are on their way to meter \(meter); which of them it has is not known yet."
        case .imageRejected(let meter, let reason): "Meter \(meter) does not take the firmware image: \(reason)."
        case .idempotencyInFlight: "A request with this Idempotency-Key is being accepted."
        case .jobNotFinished(let job, let state): "Job \(job) is \(state) and has no result yet."
        case .expectationFailed(let target): "The present value of \(target) is not the expected one."
        case .inUse(let what, let others): "The \(what) is used by \(others.joined(separator: ", "))."
        case .alreadyExists(let what): "There is a \(what) already."
        case .etagMismatch(let current):
            current == nil
                ? "There is no such record yet." : "The record exists already, or has changed since it was read."
        case .preconditionRequired: "This write needs If-Match or If-None-Match."
        case .typeMismatch(let target, _, let reason): "The value does not fit \(target): \(reason)."
        case .typeRequired(let target): "The type of \(target) is not known."
        case .valueOutOfRange(let pointer, let allowed): "\(pointer) must be \(allowed)."
        case .badRecurrence(let reason, let column, _):
            "The recurrence cannot be read\(column.map { " at column \($0)" } ?? ""): \(reason)."
        case .rangeNotSupported(let target, let reason): "\(target) cannot be read by that range: \(reason)."
        case .idempotencyKeyReused: "This Idempotency-Key was used with another body."
        case .objectClassInconsistent(let target, _): "The meter has another class for \(target)."
        case .notSupported(let what): "This version of the gateway does not support \(what)."
        case .notATextMeter(let meter): "Meter \(meter) does not speak IEC 62056-21."
        case .readoutUnreadable(let reason): "The readout cannot be taken: \(reason)."
        case .readoutOfAnotherMeter(let meter, let number):
            "The readout is of the meter with the number \(number), which is not the device address of \(meter)."
        case .meterLocked(let meter, let reason, _): "Meter \(meter) is locked: \(reason)."
        case .rateLimited(let moment): "Too many requests; the next one may come at \(moment)."
        case .orderLimit(let moment): "Too many orders; the next one may come at \(moment)."
        case .internal: "The gateway failed."
        case .associationRejected(let meter, let association, let result, let diagnostic):
            "Meter \(meter) refused the association \(association): \(result), \(diagnostic)."
        case .authenticationFailedAtMeter(let meter, let association, let reason):
            "The authentication of association \(association) with meter \(meter) failed: \(reason)."
        case .decipheringFailed(let meter, let reason):
            "A protected message with meter \(meter) does not open: \(reason)."
        case .invocationCounterRejected(let meter, let problem): problem.detail(meter)
        case .protocolError(let meter, let reason): "Meter \(meter) broke the protocol: \(reason)."
        case .meterHardwareFault(let target, let outcome): "The meter reports a fault at \(target): \(outcome)."
        case .meterRefused(let target, let outcome): "The meter refused \(target): \(outcome)."
        case .meterRefusedConnection(let meter, let endpoint): "\(endpoint) of meter \(meter) refuses connections."
        case .exceptionResponse(let meter, let state, let service):
            "Meter \(meter) answered with an exception: \(state), \(service)."
        case .connectionLost(let meter, let waitingFor):
            "The connection to meter \(meter) ended\(waitingFor.map { " before the \($0)" } ?? "")."
        case .verificationFailed(let target): "The meter accepted the value, but \(target) reads otherwise."
        case .outcomeUnknown(let meter, let operation):
            "The \(operation) was sent to meter \(meter), and no answer came that proves whether it took effect."
        case .meterTemporaryFailure(let target, let outcome): "The meter cannot serve \(target) now: \(outcome)."
        case .meterBusy(let meter): "Meter \(meter) is busy."
        case .lineBusy(let meter, let channel): "The channel \(channel) of meter \(meter) is busy."
        case .queueFull(let meter, let limit): "\(limit) requests wait for the channel of meter \(meter) already."
        case .circuitOpen(let meter, let moment):
            "Meter \(meter) failed repeatedly and is left alone until \(moment)."
        case .meterNotConnected(let meter, let identity, let lastSeen):
            "Meter \(meter) has to dial in as \(identity) and has no connection"
                + (lastSeen.map { "; its last one ended at \($0)." } ?? ", nor had one since the start.")
        case .heldElsewhere(let meter):
            "The line\(meter.map { " to meter \($0)" } ?? "") is going over to another gateway, or the one that has it cannot be reached."
        case .draining: "The gateway is shutting down."
        case .storeUnavailable: "The database does not answer."
        case .meterUnreachable(let meter, let endpoint, let reason):
            "Meter \(meter) cannot be reached at \(endpoint): \(reason)."
        case .meterTimeout(let meter, let waitingFor, let duration):
            "Meter \(meter) sent no \(waitingFor) within \(duration.iso8601)."
        case .notCached(let meter): "There is no stored answer of meter \(meter) that is fresh enough."
        case .waitExceeded(_, let duration): "There was no answer within \(duration.iso8601)."
        }
    }
}

extension GatewayError: CustomStringConvertible {
    /// Name and detail; for the log also the reason of a fault of ours.
    public var description: String {
        switch self {
        case .internal(let reason), .storeUnavailable(let reason): return "\(name): \(reason)"
        default: return "\(name): \(detail)"
        }
    }
}
