// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import JSONText
import Testing
import Timekeeping

@Suite struct GatewayErrorTests {
    private static func all() throws -> [GatewayError] {
        let meter = try #require(MeterID("M-1"))
        let target = ObjectTarget(meter: meter, object: OBISCode(1, 0, 1, 8, 0, 255), member: .attribute(2))
        let outcome = DLMSOutcome(service: "get", result: "read-write-denied", code: 3)
        let moment = Timestamp(seconds: 0)
        let malformed = #expect(throws: JSONError.self) { try JSONReader.parse(Array("{".utf8)) }
        return [
            .malformedJSON(try #require(malformed)),
            .invalidMember(
                JSONMemberError(.unknownMember(name: "dryrun", suggestion: "dryRun", known: []), at: "/dryrun")
            ),
            .invalidMember(JSONMemberError(.missingMember(name: "value"), at: .root)),
            .invalidMember(JSONMemberError(.outOfRange(allowed: "an integer from 0 to 9"), at: "/priority")),
            .unknownParameter(name: "limt", suggestion: "limit"),
            .badParameter(name: "limit", reason: "not a number", suggestion: nil),
            .badOBIS(text: "1.2", suggestion: nil), .idempotencyKeyMissing, .authenticationRequired, .tokenExpired,
            .tokenInvalid(reason: "unknown"), .insufficientScope(scope: "meters:write"), .meterProtected(meter),
            .liveReadNotAllowed(meter), .deniedByMeter(target, outcome), .notFound(what: "page"),
            .meterUnknown(text: "x"), .channelUnknown(text: "x"),
            .associationUnknown(meter, name: "maneger", known: ["manager", "reader"]), .objectUndefined(target, nil),
            .objectUnavailable(target, outcome), .attributeUndefined(target, name: "x", suggestion: nil),
            .profileUnknown(meter, text: "x"), .noDisconnector(meter), .jobUnknown(text: "x"), .jobPurged(text: "x"),
            .ambiguousObject(target, classes: [1, 3]),
            .unexpectedState(meter, expected: "connected", actual: "disconnected"),
            .wrongState(job: "x", state: "failed", operation: "cancel"),
            .notAllowedByControlMode(meter, mode: 0, order: "disconnect"),
            .adjustmentTooLarge(meter, offset: .seconds(90), allowed: .seconds(60)), .idempotencyInFlight,
            .jobNotFinished(job: "x", state: "running"), .expectationFailed(target),
            .inUse(what: "channel", by: ["M-1"]), .alreadyExists(what: "meter"), .etagMismatch(current: nil),
            .preconditionRequired, .typeMismatch(target, nil, reason: "x"), .typeRequired(target),
            .valueOutOfRange(pointer: "/value", allowed: "small"), .badRecurrence(reason: "x", column: 3),
            .rangeNotSupported(target, reason: "x"), .idempotencyKeyReused, .objectClassInconsistent(target, nil),
            .meterLocked(meter, reason: "x"), .rateLimited(until: moment), .orderLimit(until: moment),
            .internal(reason: "MARKED"),
            .associationRejected(meter, association: "reader", result: "rejected-permanent", diagnostic: "x"),
            .authenticationFailedAtMeter(meter, association: "reader", reason: "x"),
            .decipheringFailed(meter, reason: "x"),
            .invocationCounterRejected(meter, .exhausted), .protocolError(meter, reason: "x"),
            .meterHardwareFault(target, outcome), .meterRefused(target, outcome),
            .meterRefusedConnection(meter, endpoint: "x"), .exceptionResponse(meter, state: "x", service: "x"),
            .outcomeUnknown(meter, operation: "disconnect"), .meterTemporaryFailure(target, outcome),
            .meterBusy(meter), .lineBusy(meter, channel: "x"), .queueFull(meter, limit: 3),
            .circuitOpen(meter, until: moment), .draining, .heldElsewhere(meter),
            .meterUnreachable(meter, endpoint: "x", reason: "x"),
            .meterTimeout(meter, waitingFor: "AARE", after: .seconds(10)), .notCached(meter),
            .waitExceeded(nil, waited: .seconds(25)), .ordersOnly(target), .notSupported(what: "dial-in channel"),
            .connectionLost(meter, waitingFor: "AARE"), .verificationFailed(target),
            .storeUnavailable(reason: "MARKED"), .clockAmbiguous(meter, reason: "x"),
            .captureBoundary(meter, period: 900, until: nil), .secretsPending(meter),
            .imageRejected(meter, reason: "x"), .meterNotConnected(meter, identity: "x", lastSeen: moment),
            .ordersHeld, .outsideOrderWindow(until: moment), .orderExpired(job: "x"), .orderUnconfirmed(job: "x"),
            .confirmationMismatch(job: "x", reason: "x"), .confirmationRefused(job: "x", reason: "x"),
            .confirmationUnavailable, .orderNotCarriedOut(meter, state: "connected"),
            .notATextMeter(meter), .readoutUnreadable(reason: "x"), .readoutOfAnotherMeter(meter, number: "x"),
        ]
    }

    @Test func everyNameIsListedOnceAndInKebabCase() throws {
        let names = Set(try Self.all().map(\.name))
        #expect(names == Set(GatewayError.names))
        #expect(Set(GatewayError.names).count == GatewayError.names.count)
        #expect(names.allSatisfy { $0.allSatisfy { $0 == "-" || ("a"..."z").contains($0) } })
    }

    @Test func detailsAreSentencesWithoutTheInside() throws {
        for error in try Self.all() {
            #expect(error.detail.hasSuffix("."), "\(error.detail)")
            #expect(!error.detail.contains("Optional"), "\(error.detail)")
            #expect(!error.detail.contains("MARKED"))
        }
        #expect(GatewayError.internal(reason: "MARKED").description.contains("MARKED"))
    }

    @Test func whatCouldActTwiceIsNeverRetryable() throws {
        let meter = try #require(MeterID("M-1"))
        #expect(!GatewayError.outcomeUnknown(meter, operation: "disconnect").isRetryable)
        #expect(GatewayError.meterUnreachable(meter, endpoint: "x", reason: "x").isRetryable)
        #expect(!GatewayError.meterUnknown(text: "x").isRetryable)
    }

    @Test func factsComeFromThePayload() throws {
        let meter = try #require(MeterID("M-1"))
        let target = ObjectTarget(meter: meter, object: OBISCode(1, 0, 1, 8, 0, 255), member: .attribute(2))
        let outcome = DLMSOutcome(service: "get", result: "read-write-denied", code: 3)
        let denied = GatewayError.deniedByMeter(target, outcome)
        #expect(denied.meter == meter)
        #expect(denied.dlms == outcome)
        #expect(denied.party == .meter)
        #expect(denied.detail.contains("attribute 2 of 1.0.1.8.0.255 in meter M-1"))
        #expect(GatewayError.draining.meter == nil)
        let misspelt = GatewayError.associationUnknown(meter, name: "maneger", known: ["manager", "reader"])
        #expect(misspelt.hint == "Did you mean manager?")
        let until = Timestamp(seconds: 7)
        #expect(GatewayError.circuitOpen(meter, until: until).retryAt == until)
        let member = JSONMemberError(.unknownMember(name: "dryrun", suggestion: "dryRun", known: []), at: "/dryrun")
        #expect(GatewayError.invalidMember(member).name == "unknown-field")
        #expect(GatewayError.invalidMember(member).pointer == "/dryrun")
    }
}
