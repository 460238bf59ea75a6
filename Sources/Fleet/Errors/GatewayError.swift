// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
public import Timekeeping

/// Everything that can be wrong with a request, as callers come to know it; the list is closed.
///
/// Each case has a name that never changes (``name``), says who is at fault (``party``), whether the same request may
/// succeed later (``isRetryable``) and what to do (``hint``). How it looks in HTTP is decided elsewhere. Reasons in the
/// payload are for people and never hold a secret.
public enum GatewayError: Error, Hashable, Sendable {
    // MARK: The request is malformed

    /// The body is not JSON.
    case malformedJSON(JSONError)
    /// A member of the body is unknown, missing, of the wrong kind or out of range.
    case invalidMember(JSONMemberError)
    /// A query parameter or header that nothing here knows.
    case unknownParameter(name: String, suggestion: String?)
    /// A query parameter, path segment or header has a value that cannot stand there.
    case badParameter(name: String, reason: String, suggestion: String?)
    /// A text that is no OBIS code and no alias.
    case badOBIS(text: String, suggestion: String?)
    /// An order came without an Idempotency-Key.
    case idempotencyKeyMissing

    // MARK: The caller is not known or not allowed

    /// There are no credentials.
    case authenticationRequired
    /// The credentials were good once.
    case tokenExpired
    /// The credentials are not known or not well-formed.
    case tokenInvalid(reason: String)
    /// The caller lacks this scope.
    case insufficientScope(scope: String)
    /// The meter is protected against orders.
    case meterProtected(MeterID)
    /// The caller may see stored readings only.
    case liveReadNotAllowed(MeterID)
    /// The meter refused access to the object.
    case deniedByMeter(ObjectTarget, DLMSOutcome)

    /// The method switches supply, which only an order may do.
    case ordersOnly(ObjectTarget)

    // MARK: There is no such thing

    /// No such resource.
    case notFound(what: String)
    /// No such meter.
    case meterUnknown(text: String)
    /// No such channel or channel group.
    case channelUnknown(text: String, suggestion: String? = nil)
    /// The meter has no association of that name.
    case associationUnknown(MeterID, name: String, known: [String])
    /// The meter has no such object.
    case objectUndefined(ObjectTarget, DLMSOutcome?)
    /// The meter has the object but cannot give it now.
    case objectUnavailable(ObjectTarget, DLMSOutcome?)
    /// The class has no such attribute or method.
    case attributeUndefined(ObjectTarget, name: String, suggestion: String?)
    /// The object is no profile, or there is none of that name.
    case profileUnknown(MeterID, text: String)
    /// The meter has no disconnect control object.
    case noDisconnector(MeterID)
    /// No such job.
    case jobUnknown(text: String)
    /// The job is so old that its record was removed.
    case jobPurged(text: String)

    // MARK: The request does not fit the present state

    /// Several objects have the logical name; these are their classes.
    case ambiguousObject(ObjectTarget, classes: [UInt16])
    /// The disconnector is not in the state the order expects.
    case unexpectedState(MeterID, expected: String, actual: String)
    /// The job's state does not allow it.
    case wrongState(job: String, state: String, operation: String)
    /// Orders that switch supply are held by an operator.
    case ordersHeld
    /// Such orders may not be carried out at this time of day, but from then on.
    case outsideOrderWindow(until: Timestamp?)
    /// The order's time ran out before it could be sent.
    case orderExpired(job: String)
    /// Nobody confirmed the order in time.
    case orderUnconfirmed(job: String)
    /// What was confirmed is not what the order is.
    case confirmationMismatch(job: String, reason: String)
    /// The caller may not confirm this order.
    case confirmationRefused(job: String, reason: String)
    /// Two principals cannot be told apart, so that nobody can confirm as the second one.
    case confirmationUnavailable
    /// The order was sent, and the meter did not do it.
    case orderNotCarriedOut(MeterID, state: String)
    /// The disconnector's control mode forbids the order.
    case notAllowedByControlMode(MeterID, mode: Int, order: String)
    /// The clock is further off than the caller allows to adjust.
    case adjustmentTooLarge(MeterID, offset: Duration, allowed: Duration)
    /// The clock cannot be set without guessing what it shows.
    case clockAmbiguous(MeterID, reason: String)
    /// Setting the clock would leave out a row of a profile, or have it captured twice; nil if waiting does not help.
    case captureBoundary(MeterID, period: Int64, until: Timestamp?)
    /// A change of the meter's secrets is under way, and which of them hold has to be found out first.
    case secretsPending(MeterID)
    /// A request with the same Idempotency-Key is being accepted right now.
    case idempotencyInFlight
    /// The job has no result yet.
    case jobNotFinished(job: String, state: String)
    /// The present value is not the one the caller expects.
    case expectationFailed(ObjectTarget)
    /// Another record needs this one.
    case inUse(what: String, by: [String])
    /// There is such a record already.
    case alreadyExists(what: String)
    /// The record is not in the revision the caller wants to change.
    case etagMismatch(current: Revision?)
    /// The write needs If-Match or If-None-Match.
    case preconditionRequired

    // MARK: The request makes no sense for the object

    /// The value is of another type than the attribute's.
    case typeMismatch(ObjectTarget, DLMSOutcome?, reason: String)
    /// The type of the attribute is unknown, so the caller must give the typed form.
    case typeRequired(ObjectTarget)
    /// The value does not fit the type.
    case valueOutOfRange(pointer: JSONPointer, allowed: String)
    /// A recurrence cannot be read; `column` counts from 1.
    case badRecurrence(reason: String, column: Int?, hint: String? = nil)
    /// The profile cannot be read by that range.
    case rangeNotSupported(ObjectTarget, reason: String)
    /// The Idempotency-Key was used with another body.
    case idempotencyKeyReused
    /// The meter has the object in another class than asked.
    case objectClassInconsistent(ObjectTarget, DLMSOutcome?)

    /// The meter does not speak the text protocol of IEC 62056-21.
    case notATextMeter(MeterID)
    /// A file, or a part of one, is no readout; or it does not tell whose.
    case readoutUnreadable(reason: String)
    /// The number in a readout is not the one that the meter is addressed by.
    case readoutOfAnotherMeter(MeterID, number: String)

    /// This version of the gateway cannot do it.
    case notSupported(what: String)

    // MARK: The caller must wait

    /// The meter is kept from all traffic, until then if that is known.
    case meterLocked(MeterID, reason: String, until: Timestamp? = nil)
    /// The caller sends too much.
    case rateLimited(until: Timestamp)
    /// There were too many orders.
    case orderLimit(until: Timestamp)

    // MARK: The gateway failed

    /// A fault of the gateway's own; `reason` is for the log and never shown.
    case `internal`(reason: String)

    // MARK: The meter answered, badly

    /// The meter refused the association.
    case associationRejected(MeterID, association: String, result: String, diagnostic: String)
    /// The meter did not accept the password or the proof, or failed to prove itself.
    case authenticationFailedAtMeter(MeterID, association: String, reason: String)
    /// A message does not open with the configured keys, here or at the meter.
    case decipheringFailed(MeterID, reason: String)
    /// The invocation counters of the two sides do not fit each other.
    case invocationCounterRejected(MeterID, CounterProblem)
    /// The meter's answer breaks the protocol.
    case protocolError(MeterID, reason: String)
    /// The meter does not take the firmware image.
    case imageRejected(MeterID, reason: String)
    /// The meter reports a hardware fault.
    case meterHardwareFault(ObjectTarget, DLMSOutcome)
    /// The meter answers with another result that is no success.
    case meterRefused(ObjectTarget, DLMSOutcome)
    /// The meter's address refuses connections.
    case meterRefusedConnection(MeterID, endpoint: String)
    /// The meter answered with an exception.
    case exceptionResponse(MeterID, state: String, service: String)
    /// A command was sent and no answer came: whether it took effect is not known.
    case outcomeUnknown(MeterID, operation: String)

    /// The connection ended before the answer was complete.
    case connectionLost(MeterID, waitingFor: String?)
    /// The meter accepted the write but reading back gave another value.
    case verificationFailed(ObjectTarget)

    // MARK: Not now

    /// The meter reports a temporary failure.
    case meterTemporaryFailure(ObjectTarget, DLMSOutcome)
    /// The meter is busy with another client.
    case meterBusy(MeterID)
    /// The channel is busy for longer than the caller waits.
    case lineBusy(MeterID, channel: String)
    /// Too many requests wait for the channel.
    case queueFull(MeterID, limit: Int)
    /// The meter failed so often that it is left alone until then.
    case circuitOpen(MeterID, until: Timestamp)
    /// The meter, which has to connect to the gateway, has no connection.
    case meterNotConnected(MeterID, identity: String, lastSeen: Timestamp?)
    /// Another gateway has the line to the meter, or is about to have it, or is not known to have it.
    case heldElsewhere(MeterID?)
    /// The gateway is shutting down.
    case draining
    /// The database does not answer; `reason` is for the log and never shown.
    case storeUnavailable(reason: String)

    // MARK: No answer in time

    /// No connection could be made.
    case meterUnreachable(MeterID, endpoint: String, reason: String)
    /// The connection stood but the answer did not come.
    case meterTimeout(MeterID, waitingFor: String, after: Duration)
    /// There is no stored answer and the meter may not be asked.
    case notCached(MeterID)
    /// The answer did not come within the time the caller waits.
    case waitExceeded(MeterID?, waited: Duration)
}
